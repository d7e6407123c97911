SELECT run_id, started_at, spec, plan_digest, base_model, base_digest, adapter_digest, method, adapter_type, reference
FROM run_specs JOIN runs USING (run_id)
QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
ORDER BY spec
