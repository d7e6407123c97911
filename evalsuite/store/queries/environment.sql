SELECT CAST(environment AS TEXT) AS environment FROM runs WHERE run_id = ?
