-- Version 5. What changes often (progress, runs) is kept apart from what is large and never changes (sweeps, points),
-- so that a write touches few pages.

CREATE TABLE sweeps (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  seed INTEGER NOT NULL,            -- the bits of a u64
  metrics TEXT NOT NULL,            -- JSON: [{"name": .., "goal": ..}, ..]
  run_cap INTEGER,
  retry_crashed INTEGER NOT NULL,
  retry_failed INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  name TEXT,
  source TEXT,
  directory TEXT,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE progress (
  sweep INTEGER PRIMARY KEY,
  state TEXT NOT NULL,
  runs INTEGER NOT NULL,            -- how many runs there are, which is the highest number
  change INTEGER NOT NULL,          -- counts all changes: cursors and the seq of events are its values
  ended_ms INTEGER,
  reason TEXT,
  paused_by TEXT                    -- owner, search, stopper, program or metric, if it is paused
) STRICT;

-- How many runs are in each state, and how many of the finished ones a stopping rule ended ('stopped'); kept by triggers.
CREATE TABLE tallies (
  sweep INTEGER NOT NULL,
  what TEXT NOT NULL,
  runs INTEGER NOT NULL,
  PRIMARY KEY (sweep, what)
) STRICT, WITHOUT ROWID;

CREATE TABLE agents (
  key INTEGER PRIMARY KEY,
  sweep INTEGER NOT NULL,
  name TEXT NOT NULL,
  heartbeat_timeout_ms INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL,         -- for people only
  gone INTEGER NOT NULL,            -- 1 if it has left
  request INTEGER NOT NULL,         -- its newest claim that got a run, and what it got
  answer_run INTEGER,
  answer_attempt INTEGER,
  draining INTEGER NOT NULL DEFAULT 0 -- 1 if it gets no more runs, and leaves after the one that it holds
) STRICT;
CREATE INDEX agents_sweep ON agents (sweep);

CREATE TABLE runs (
  key INTEGER PRIMARY KEY,
  sweep INTEGER NOT NULL,
  number INTEGER NOT NULL,
  state TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  agent INTEGER,                    -- the agent that has or had its newest attempt
  given_up INTEGER NOT NULL,        -- 1 if its agent seems gone and may come back until it is handed out again
  beat INTEGER NOT NULL,            -- how many signs of life there were of the newest attempt
  heartbeat_timeout_ms INTEGER NOT NULL,
  rows INTEGER NOT NULL,            -- of the newest attempt; the seq of its last row
  kept INTEGER NOT NULL DEFAULT 0,  -- of earlier attempts that count, too
  loss REAL,                        -- what it is ranked by, negative if maximized
  last REAL,
  stop_kind TEXT,
  stop_reason TEXT,
  message TEXT,
  exit_code INTEGER,
  failure TEXT,                     -- why its newest attempt failed, as its agent knew
  crashes INTEGER NOT NULL,         -- retries used
  failures INTEGER NOT NULL,
  fruitless INTEGER NOT NULL DEFAULT 0, -- attempts in a row that have logged nothing
  due_ms INTEGER,                   -- until when it is held back, if it came back to wait
  created_ms INTEGER NOT NULL,
  started_ms INTEGER,
  ended_ms INTEGER,
  added INTEGER NOT NULL,           -- values of progress.change: when it was added,
  attempted INTEGER NOT NULL,       -- when its newest attempt began,
  change INTEGER NOT NULL,          -- and when anything of it changed last
  -- Groups for the best run: 0 can be it, 1 ended otherwise, 2 waits, 3 has no value. Stored, not generated: an index over
  -- a column generated from the state would be written whenever the state is.
  rank INTEGER NOT NULL DEFAULT 3,
  UNIQUE (sweep, number)
) STRICT;
CREATE INDEX runs_state ON runs (sweep, state, number);
CREATE INDEX runs_due ON runs (sweep, number) WHERE due_ms IS NOT NULL;
CREATE INDEX runs_change ON runs (sweep, change);
CREATE INDEX runs_rank ON runs (sweep, rank, loss, number);
CREATE INDEX runs_ended ON runs (sweep, ended_ms) WHERE ended_ms IS NOT NULL AND started_ms IS NOT NULL;

CREATE TRIGGER runs_added AFTER INSERT ON runs BEGIN
  UPDATE tallies SET runs = runs + 1 WHERE sweep = new.sweep AND what = new.state;
END;
CREATE TRIGGER runs_moved AFTER UPDATE OF state ON runs WHEN old.state <> new.state BEGIN
  UPDATE tallies SET runs = runs - 1 WHERE sweep = new.sweep AND what = old.state;
  UPDATE tallies SET runs = runs + 1 WHERE sweep = new.sweep AND what = new.state;
END;
CREATE TRIGGER runs_stopped AFTER UPDATE OF state, stop_kind ON runs WHEN old.stop_kind IS 'early' OR new.stop_kind IS 'early' BEGIN
  UPDATE tallies SET runs = runs + (new.state = 'finished' AND new.stop_kind IS 'early')
                                 - (old.state = 'finished' AND old.stop_kind IS 'early')
   WHERE sweep = new.sweep AND what = 'stopped';
END;

CREATE TABLE points (
  run INTEGER PRIMARY KEY,
  point TEXT NOT NULL,
  note TEXT NOT NULL,
  seen TEXT                         -- JSON: what it was suggested from, see Seen
) STRICT;

CREATE TABLE attempts (
  run INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  agent INTEGER NOT NULL,
  started_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  state TEXT NOT NULL,
  rows INTEGER NOT NULL,
  end_state TEXT,                   -- its end as its agent gave it, so that a repetition is known
  end_code INTEGER,
  end_message TEXT,
  end_keeps INTEGER,
  end_failure TEXT,
  kept INTEGER NOT NULL DEFAULT 0,  -- 1 if its rows count now, 2 if they did in the next attempt: see rules/earlier.rs
  PRIMARY KEY (run, attempt)
) STRICT, WITHOUT ROWID;

-- Metric rows as JSON lines, many rows in one.
CREATE TABLE chunks (
  key INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  first INTEGER NOT NULL,           -- the seq of its first row
  rows INTEGER NOT NULL,
  lines TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX chunks_run ON chunks (run, attempt, first);

-- The values of watched metrics, many in one.
CREATE TABLE curves (
  key INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  metric INTEGER NOT NULL,
  start INTEGER NOT NULL,           -- the place of its first value, from 0
  change INTEGER NOT NULL,          -- progress.change when it last grew
  vals BLOB NOT NULL                -- f64, little endian
) STRICT;
CREATE UNIQUE INDEX curves_run ON curves (run, attempt, metric, start);

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

CREATE TABLE events (
  sweep INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  run INTEGER,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (sweep, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_run ON events (sweep, run, seq) WHERE run IS NOT NULL;
