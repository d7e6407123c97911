SELECT sample_id, value, reason FROM scores WHERE step_digest = ? AND metric = ? ORDER BY sample_id
