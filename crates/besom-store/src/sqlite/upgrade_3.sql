-- From version 3 to 4.

-- Agents can be drained.
ALTER TABLE agents ADD COLUMN draining INTEGER NOT NULL DEFAULT 0;
