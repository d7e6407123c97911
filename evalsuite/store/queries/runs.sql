SELECT run_id, started_at, finished_at, status FROM runs ORDER BY started_at DESC, run_id
