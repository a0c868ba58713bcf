-- From version 4 to 5.

-- Why runs failed.
ALTER TABLE runs ADD COLUMN failure TEXT;
ALTER TABLE attempts ADD COLUMN end_failure TEXT;
