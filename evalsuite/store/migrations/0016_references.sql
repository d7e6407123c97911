-- What a spec's candidate is compared with, as people call it; none in runs of older versions, which compared every
-- candidate with its own base model.
ALTER TABLE run_specs ADD COLUMN reference TEXT;
