-- When a person gave a label on a page; labels that came from a file have no time.
ALTER TABLE human_scores ADD COLUMN given_at TIMESTAMP;
ALTER TABLE human_preferences ADD COLUMN given_at TIMESTAMP;
