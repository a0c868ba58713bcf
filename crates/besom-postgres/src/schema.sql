-- Version 1. Numbers are bigint throughout, so that one type is read and written. JSON is text: jsonb would put keys in another
-- order and print 1e-5 as 0.00001. What changes often (runs, attempts, agents) has room in its pages to change in place.

CREATE TABLE meta (
  version bigint NOT NULL,
  -- Added to the number of each transaction: see `Opened` in schema.rs.
  offset_ bigint NOT NULL DEFAULT 0,
  -- The cluster whose transactions they are.
  cluster bigint NOT NULL
);
INSERT INTO meta (version, cluster) SELECT 1, system_identifier FROM pg_control_system();

CREATE TABLE sweeps (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE,
  seed bigint NOT NULL,             -- the bits of a u64
  metrics text NOT NULL,            -- JSON: [{"name": .., "goal": ..}, ..]
  run_cap bigint,
  retry_crashed bigint NOT NULL,
  retry_failed bigint NOT NULL,
  created_ms bigint NOT NULL,
  name text,
  source text,
  directory text,
  text text NOT NULL
);

-- Written only under the exclusive lock of the sweep.
CREATE TABLE progress (
  sweep bigint PRIMARY KEY,
  state text NOT NULL,
  runs bigint NOT NULL,             -- how many runs there are, which is the highest number
  ended_ms bigint,
  reason text,
  paused_by text                    -- owner, search, stopper, program or metric, if it is paused
);

CREATE TABLE labels (
  sweep bigint NOT NULL,
  key text NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (sweep, key)
);

CREATE TABLE agents (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sweep bigint NOT NULL,
  name text NOT NULL,
  heartbeat_timeout_ms bigint NOT NULL,
  seen_ms bigint NOT NULL,          -- for people only
  gone boolean NOT NULL DEFAULT false,
  draining boolean NOT NULL DEFAULT false,
  request bigint NOT NULL DEFAULT 0, -- its newest claim that got a run, and what it got
  answer_run bigint,
  answer_attempt bigint
) WITH (fillfactor = 50);
CREATE INDEX agents_sweep ON agents (sweep);

CREATE TABLE runs (
  key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sweep bigint NOT NULL,
  number bigint NOT NULL,
  state text NOT NULL,
  attempt bigint NOT NULL DEFAULT 0,
  agent bigint,                     -- the agent that has or had its newest attempt
  given_up boolean NOT NULL DEFAULT false,
  beat bigint NOT NULL DEFAULT 0,   -- how many signs of life there were of the newest attempt
  heartbeat_timeout_ms bigint NOT NULL DEFAULT 0,
  rows bigint NOT NULL DEFAULT 0,   -- of the newest attempt; the seq of its last row
  kept bigint NOT NULL DEFAULT 0,   -- of earlier attempts that count, too
  loss float8,                      -- what it is ranked by, negative if maximized
  last float8,
  stop_kind text,
  stop_reason text,
  message text,
  exit_code bigint,
  failure text,
  crashes bigint NOT NULL DEFAULT 0, -- retries used
  failures bigint NOT NULL DEFAULT 0,
  fruitless bigint NOT NULL DEFAULT 0, -- attempts in a row that have logged nothing
  due_ms bigint,                    -- until when it is held back, if it came back to wait
  created_ms bigint NOT NULL,
  started_ms bigint,
  ended_ms bigint,
  added bigint NOT NULL,            -- numbers of changes: when it was added,
  attempted bigint NOT NULL DEFAULT 0, -- when its newest attempt began,
  change bigint NOT NULL,           -- and when anything of it changed last
  -- Groups for the best run: 0 can be it, 1 ended otherwise, 2 waits, 3 has no value.
  rank bigint NOT NULL DEFAULT 3,
  UNIQUE (sweep, number)
) WITH (fillfactor = 70);
CREATE INDEX runs_todo ON runs (sweep, number) WHERE state IN ('pending', 'preempted');
CREATE INDEX runs_alive ON runs (sweep, number) WHERE state = 'running';
CREATE INDEX runs_change ON runs (sweep, change);
CREATE INDEX runs_rank ON runs (sweep, rank, loss, number);
CREATE INDEX runs_ended ON runs (sweep, ended_ms) WHERE ended_ms IS NOT NULL AND started_ms IS NOT NULL;

CREATE TABLE points (
  run bigint PRIMARY KEY,
  point text NOT NULL,
  note text NOT NULL,
  seen text                         -- JSON: what it was suggested from
);

CREATE TABLE attempts (
  run bigint NOT NULL,
  attempt bigint NOT NULL,
  agent bigint NOT NULL,
  started_ms bigint NOT NULL,
  ended_ms bigint,
  state text NOT NULL,
  rows bigint NOT NULL DEFAULT 0,
  end_state text,                   -- its end as its agent gave it, so that a repetition is known
  end_code bigint,
  end_message text,
  end_keeps boolean,
  end_failure text,
  kept boolean NOT NULL DEFAULT false, -- whether its rows count now
  kept_before boolean NOT NULL DEFAULT false, -- whether they counted in the next attempt, and do not now
  PRIMARY KEY (run, attempt)
) WITH (fillfactor = 70);

-- Metric rows as JSON lines, many rows in one.
CREATE TABLE chunks (
  run bigint NOT NULL,
  attempt bigint NOT NULL,
  first bigint NOT NULL,            -- the seq of its first row
  rows bigint NOT NULL,
  lines text NOT NULL,
  PRIMARY KEY (run, attempt, first)
);

-- The values of watched metrics, many in one.
CREATE TABLE curves (
  run bigint NOT NULL,
  attempt bigint NOT NULL,
  metric bigint NOT NULL,
  start bigint NOT NULL,            -- the place of its first value, from 0
  change bigint NOT NULL,           -- the change by which it last grew
  vals bytea NOT NULL,              -- f64, little endian
  PRIMARY KEY (run, attempt, metric, start)
);

-- What programs say about attempts besides their metrics.
CREATE TABLE facts (
  run bigint NOT NULL,
  attempt bigint NOT NULL,          -- 0 for what the owner of the run has stated
  facts text NOT NULL,              -- a JSON object
  PRIMARY KEY (run, attempt)
);

-- What is kept of the output of attempts, in pieces; as bytes, because a text cannot hold a NUL.
CREATE TABLE outputs (
  run bigint NOT NULL,
  attempt bigint NOT NULL,
  start bigint NOT NULL,            -- the place of its first byte in the whole output, from 0
  text bytea NOT NULL,
  PRIMARY KEY (run, attempt, start)
);

-- What attempts have logged under each key, so that a table of runs reads no rows.
CREATE TABLE logged (
  run bigint NOT NULL,
  attempt bigint NOT NULL,
  keys text NOT NULL,
  PRIMARY KEY (run, attempt)
);

CREATE TABLE events (
  sweep bigint NOT NULL,
  seq bigint NOT NULL,
  at_ms bigint NOT NULL,
  run bigint,
  kind text NOT NULL,
  detail text NOT NULL,
  PRIMARY KEY (sweep, seq)
);
CREATE INDEX events_run ON events (sweep, run, seq) WHERE run IS NOT NULL;
