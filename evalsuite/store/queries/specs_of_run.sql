SELECT run_id, started_at, spec, plan_digest, base_model, base_digest, adapter_digest, method, adapter_type, reference
FROM run_specs JOIN runs USING (run_id)
WHERE run_id = ?
ORDER BY spec
