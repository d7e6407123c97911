-- Why specs of a run could not be carried through.
CREATE TABLE run_errors (
    run_id TEXT NOT NULL,
    spec TEXT NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (run_id, spec)
);
