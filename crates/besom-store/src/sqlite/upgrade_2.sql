-- From version 2 to 3.

-- What programs say about attempts besides their metrics.
CREATE TABLE facts (
  run INTEGER NOT NULL,
  attempt INTEGER NOT NULL,         -- 0 for what the owner of the run has stated
  facts TEXT NOT NULL,              -- a JSON object
  PRIMARY KEY (run, attempt)
) STRICT;

-- What is kept of the output of attempts, in pieces.
CREATE TABLE outputs (
  key INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  start INTEGER NOT NULL,           -- the place of its first byte in the whole output, from 0
  text TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX outputs_run ON outputs (run, attempt, start);

-- What attempts have logged under each key, so that a table of runs reads no rows.
CREATE TABLE logged (
  run INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  keys TEXT NOT NULL,               -- JSON, see LoggedKeys
  PRIMARY KEY (run, attempt)
) STRICT;

-- Small texts about sweeps.
CREATE TABLE labels (
  sweep INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (sweep, key)
) STRICT, WITHOUT ROWID;

-- Heartbeats are counted, so that no wall clock decides who is dead. Counting starts at any number.
ALTER TABLE runs RENAME COLUMN seen_ms TO beat;
ALTER TABLE runs RENAME COLUMN silence_ms TO heartbeat_timeout_ms;
ALTER TABLE agents RENAME COLUMN silence_ms TO heartbeat_timeout_ms;

-- 'stopped' counted what a stopping rule wanted to end, in whatever state that was.
DROP TRIGGER runs_stopped;
CREATE TRIGGER runs_stopped AFTER UPDATE OF state, stop_kind ON runs WHEN old.stop_kind IS 'early' OR new.stop_kind IS 'early' BEGIN
  UPDATE tallies SET runs = runs + (new.state = 'finished' AND new.stop_kind IS 'early')
                                 - (old.state = 'finished' AND old.stop_kind IS 'early')
   WHERE sweep = new.sweep AND what = 'stopped';
END;
UPDATE tallies SET runs = (SELECT count(*) FROM runs r
    WHERE r.sweep = tallies.sweep AND r.state = 'finished' AND r.stop_kind = 'early') WHERE what = 'stopped';

-- Runs that came back to wait are held back for a while.
ALTER TABLE runs ADD COLUMN fruitless INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN due_ms INTEGER;
CREATE INDEX runs_due ON runs (sweep, number) WHERE due_ms IS NOT NULL;

-- An attempt may go on from the checkpoint of an earlier one, whose rows count then.
ALTER TABLE runs ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN end_keeps INTEGER;
ALTER TABLE attempts ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
UPDATE attempts SET end_keeps = 0 WHERE end_state IS NOT NULL;
