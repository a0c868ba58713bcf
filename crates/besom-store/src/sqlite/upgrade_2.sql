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

-- Small texts about sweeps.
CREATE TABLE labels (
  sweep INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (sweep, key)
) STRICT, WITHOUT ROWID;
