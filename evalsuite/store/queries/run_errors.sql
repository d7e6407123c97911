SELECT spec, error FROM run_errors WHERE run_id = ? ORDER BY spec
