-- What each step measured, whoever was measured, by entry where it is about several (empty: about all of them): figures of
-- one name stand side by side only where this is the same. `words` says it for people, a fact each.
CREATE TABLE measurements (
    step_digest TEXT NOT NULL,
    entry TEXT NOT NULL,
    measured TEXT NOT NULL,
    words TEXT[] NOT NULL,
    PRIMARY KEY (step_digest, entry)
);
