-- From version 1 to 2.

-- The fencing token of a run has the name that programs know from BESOM_ATTEMPT.
ALTER TABLE runs RENAME COLUMN epoch TO attempt;
ALTER TABLE attempts RENAME COLUMN epoch TO attempt;
ALTER TABLE chunks RENAME COLUMN epoch TO attempt;
ALTER TABLE curves RENAME COLUMN epoch TO attempt;
ALTER TABLE agents RENAME COLUMN answer_epoch TO answer_attempt;
-- A quote within a text is escaped, so that this finds keys only.
UPDATE events SET detail = replace(detail, '"epoch":', '"attempt":') WHERE detail LIKE '%"epoch":%';

-- The cause of a pause was only in the text of its reason.
ALTER TABLE progress ADD COLUMN paused_by TEXT;
UPDATE progress SET paused_by = CASE
    WHEN reason LIKE 'the search method %' THEN 'search'
    WHEN reason LIKE 'the stopping rule failed: %' THEN 'stopper'
    WHEN reason IS NULL OR reason = 'by its owner' THEN 'owner'
    ELSE 'program'
  END WHERE state = 'paused';

-- A failed, crashed or killed run is not the best, whatever it logged; one of several metrics counts with its last value.
ALTER TABLE runs ADD COLUMN rank INTEGER NOT NULL DEFAULT 3;
DROP INDEX runs_loss;
UPDATE runs SET loss = iif(s.metrics ->> '$[0].goal' = 'maximize', -last, last) + 0.0
  FROM sweeps s WHERE s.key = runs.sweep AND json_array_length(s.metrics) > 1;
UPDATE runs SET rank = CASE WHEN state IN ('running', 'finished') THEN 0
    WHEN state IN ('failed', 'crashed', 'killed') THEN 1 ELSE 2 END WHERE loss IS NOT NULL;
CREATE INDEX runs_rank ON runs (sweep, rank, loss, number);

-- What a run was suggested from, so that its suggestion can be repeated.
ALTER TABLE points ADD COLUMN seen TEXT;
