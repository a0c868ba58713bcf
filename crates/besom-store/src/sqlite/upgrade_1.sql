-- From version 1 to 2.

-- The fencing token of a run has the name that programs know from BESOM_ATTEMPT.
ALTER TABLE runs RENAME COLUMN epoch TO attempt;
ALTER TABLE attempts RENAME COLUMN epoch TO attempt;
ALTER TABLE chunks RENAME COLUMN epoch TO attempt;
ALTER TABLE curves RENAME COLUMN epoch TO attempt;
ALTER TABLE agents RENAME COLUMN answer_epoch TO answer_attempt;
-- A quote within a text is escaped, so that this finds keys only.
UPDATE events SET detail = replace(detail, '"epoch":', '"attempt":') WHERE detail LIKE '%"epoch":%';

-- Who has paused a sweep was to be seen from the text of the reason only.
ALTER TABLE progress ADD COLUMN paused_by TEXT;
UPDATE progress SET paused_by = CASE
    WHEN reason LIKE 'the search method %' THEN 'search'
    WHEN reason LIKE 'the stopping rule failed: %' THEN 'stopper'
    WHEN reason IS NULL OR reason = 'by its owner' THEN 'owner'
    ELSE 'program'
  END WHERE state = 'paused';
