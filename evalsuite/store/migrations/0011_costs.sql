-- What the judging of a step takes when nothing of it comes from the cache; and what a run has paid to endpoints so far.
CREATE TABLE judging_costs (
    step_digest TEXT PRIMARY KEY,
    calls BIGINT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    money DOUBLE NOT NULL
);
CREATE TABLE run_costs (
    run_id TEXT PRIMARY KEY,
    calls BIGINT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    money DOUBLE NOT NULL
);
