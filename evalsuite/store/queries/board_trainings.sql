WITH latest AS (
    SELECT run_id, spec FROM run_specs JOIN runs USING (run_id)
    QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
)
SELECT latest.spec, wall_seconds, trained_parameters, total_parameters
FROM latest
JOIN run_steps AS planned USING (run_id, spec)
JOIN trainings USING (step_digest)
