-- Runs and what they planned; steps by digest; and what each finished step yielded.
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    status TEXT NOT NULL,
    process INTEGER NOT NULL,
    environment JSON NOT NULL
);
CREATE TABLE run_specs (
    run_id TEXT NOT NULL,
    spec TEXT NOT NULL,
    plan_digest TEXT NOT NULL,
    document JSON NOT NULL,
    base_model TEXT NOT NULL,
    base_digest TEXT NOT NULL,
    adapter_digest TEXT,
    method TEXT NOT NULL,
    adapter_type TEXT,
    PRIMARY KEY (run_id, spec)
);
CREATE TABLE run_steps (
    run_id TEXT NOT NULL,
    spec TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    step_digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    entry TEXT,
    role TEXT,
    PRIMARY KEY (run_id, spec, ordinal)
);
CREATE TABLE steps (
    step_digest TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    entry TEXT,
    role TEXT,
    finished_at TIMESTAMP NOT NULL,
    seconds DOUBLE NOT NULL,
    seed BIGINT
);
CREATE TABLE trainings (
    step_digest TEXT PRIMARY KEY,
    adapter_digest TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    tokens_seen BIGINT NOT NULL,
    tokens_per_second DOUBLE NOT NULL,
    wall_seconds DOUBLE NOT NULL,
    peak_memory_mb DOUBLE NOT NULL,
    trained_parameters BIGINT NOT NULL,
    total_parameters BIGINT NOT NULL,
    held_out_loss DOUBLE
);
CREATE TABLE training_points (
    step_digest TEXT NOT NULL,
    step INTEGER NOT NULL,
    loss DOUBLE,
    held_out_loss DOUBLE,
    PRIMARY KEY (step_digest, step)
);
CREATE TABLE replies (
    step_digest TEXT NOT NULL,
    sample_id TEXT NOT NULL,
    prompt TEXT NOT NULL,
    text TEXT NOT NULL,
    target TEXT NOT NULL,
    "group" TEXT,
    note TEXT,
    PRIMARY KEY (step_digest, sample_id)
);
CREATE TABLE scores (
    step_digest TEXT NOT NULL,
    metric TEXT NOT NULL,
    sample_id TEXT NOT NULL,
    value DOUBLE,
    reason TEXT,
    PRIMARY KEY (step_digest, metric, sample_id)
);
CREATE TABLE results (
    step_digest TEXT NOT NULL,
    metric TEXT NOT NULL,
    value DOUBLE,
    low DOUBLE,
    high DOUBLE,
    n INTEGER NOT NULL,
    unscored INTEGER NOT NULL,
    reason TEXT,
    detail TEXT,
    PRIMARY KEY (step_digest, metric)
);
CREATE TABLE comparisons (
    step_digest TEXT NOT NULL,
    metric TEXT NOT NULL,
    baseline TEXT NOT NULL,
    difference DOUBLE NOT NULL,
    low DOUBLE NOT NULL,
    high DOUBLE NOT NULL,
    p_value DOUBLE,
    n INTEGER NOT NULL,
    gained INTEGER,
    lost INTEGER,
    PRIMARY KEY (step_digest, metric, baseline)
);
CREATE TABLE verdicts (
    step_digest TEXT PRIMARY KEY,
    policy TEXT NOT NULL,
    answer TEXT NOT NULL
);
CREATE TABLE rule_outcomes (
    step_digest TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    rule TEXT NOT NULL,
    metric TEXT NOT NULL,
    answer TEXT NOT NULL,
    sentence TEXT NOT NULL,
    value DOUBLE,
    low DOUBLE,
    high DOUBLE,
    n INTEGER,
    PRIMARY KEY (step_digest, ordinal)
);
