-- Who judged a step by what; what judges are worth; and what people say of the same replies.
CREATE TABLE judgings (
    step_digest TEXT PRIMARY KEY,
    judge TEXT NOT NULL,
    judge_digest TEXT NOT NULL,
    rubric TEXT NOT NULL,
    rubric_digest TEXT NOT NULL
);
CREATE TABLE judge_checks (
    check_digest TEXT PRIMARY KEY,
    judge TEXT NOT NULL,
    judge_digest TEXT NOT NULL,
    rubric TEXT NOT NULL,
    rubric_digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    labels TEXT NOT NULL,
    labels_digest TEXT NOT NULL,
    checked_at TIMESTAMP NOT NULL,
    seed BIGINT NOT NULL,
    judgments INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    money DOUBLE NOT NULL
);
CREATE TABLE judge_health (
    check_digest TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    metric TEXT NOT NULL,
    value DOUBLE,
    low DOUBLE,
    high DOUBLE,
    n INTEGER NOT NULL,
    unscored INTEGER NOT NULL,
    reason TEXT,
    detail TEXT,
    PRIMARY KEY (check_digest, metric)
);
CREATE TABLE human_scores (
    rubric_digest TEXT NOT NULL,
    reply_digest TEXT NOT NULL,
    annotator TEXT NOT NULL,
    criterion TEXT NOT NULL,
    score DOUBLE NOT NULL,
    question TEXT NOT NULL,
    reply TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (rubric_digest, reply_digest, annotator, criterion)
);
CREATE TABLE human_preferences (
    question TEXT NOT NULL,
    a TEXT NOT NULL,
    b TEXT NOT NULL,
    annotator TEXT NOT NULL,
    label TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (question, a, b, annotator)
);
