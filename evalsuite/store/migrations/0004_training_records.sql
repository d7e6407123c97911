-- What each training was made of and with: seed, digests of base and data, software, money and energy.
CREATE TABLE training_records (
    step_digest TEXT PRIMARY KEY,
    seed BIGINT,
    base_digest TEXT NOT NULL,
    built_on TEXT,
    data JSON NOT NULL,
    versions JSON NOT NULL,
    money DOUBLE,
    watt_hours DOUBLE
);
