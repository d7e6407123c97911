-- The subject of each sample, so that a rule can be held against each slice of its metric.
ALTER TABLE replies ADD COLUMN subject TEXT;
