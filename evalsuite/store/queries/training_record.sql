SELECT seed, base_digest, built_on, data, versions, money, watt_hours
FROM training_records WHERE step_digest = ?
