-- What each figure is, as whoever yielded it declared it: direction, bounds, unit, place, slice.
CREATE TABLE metrics (
    step_digest TEXT NOT NULL,
    metric TEXT NOT NULL,
    entry TEXT,
    direction TEXT NOT NULL,
    low DOUBLE,
    high DOUBLE,
    unit TEXT NOT NULL,
    place TEXT NOT NULL,
    about TEXT NOT NULL,
    parent TEXT,
    slice TEXT,
    PRIMARY KEY (step_digest, metric)
);
