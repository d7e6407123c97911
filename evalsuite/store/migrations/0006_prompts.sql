-- Prompts as models saw them, each once by its digest, and which sample of which step was asked with which.
CREATE TABLE prompts (
    prompt_digest TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    tokens INTEGER[] NOT NULL,
    pieces TEXT[] NOT NULL
);
CREATE TABLE prompts_asked (
    step_digest TEXT NOT NULL,
    sample_id TEXT NOT NULL,
    prompt_digest TEXT NOT NULL,
    PRIMARY KEY (step_digest, sample_id)
);
