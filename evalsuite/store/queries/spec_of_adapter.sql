SELECT run_id, started_at, spec, plan_digest, base_model, base_digest, adapter_digest, method, adapter_type, reference
FROM run_specs JOIN runs USING (run_id)
WHERE adapter_digest = ?
ORDER BY started_at DESC, run_id DESC
LIMIT 1
