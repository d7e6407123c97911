-- The steps of every spec's latest run: whose, and on which base model.
WITH latest AS (
    SELECT run_id, spec, coalesce(reference, base_model) AS base_model FROM run_specs JOIN runs USING (run_id)
    QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
)
SELECT latest.spec, latest.base_model, planned.role, planned.kind, planned.step_digest AS digest
FROM latest JOIN run_steps AS planned USING (run_id, spec)
ORDER BY latest.spec, planned.ordinal
