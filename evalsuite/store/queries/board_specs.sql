SELECT
    run_id, started_at, spec, base_model, adapter_digest, method, adapter_type, coalesce(reference, base_model) AS reference,
    coalesce(CAST(document->'$.tags' AS TEXT[]), []) AS tags
FROM run_specs JOIN runs USING (run_id)
QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
ORDER BY spec
