-- Whom a pair step compared its candidate with: `metric` holds the outcomes, `weights` what the opponent was made of.
CREATE TABLE opponents (
    step_digest TEXT PRIMARY KEY,
    metric TEXT NOT NULL,
    judged TEXT NOT NULL,
    player TEXT NOT NULL,
    weights TEXT
);
