SELECT CAST(document AS TEXT) AS document FROM run_specs WHERE run_id = ? AND spec = ?
