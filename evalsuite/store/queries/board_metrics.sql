WITH latest AS (
    SELECT run_id, spec FROM run_specs JOIN runs USING (run_id)
    QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
)
SELECT DISTINCT ON (latest.spec, metric)
    latest.spec, metric AS name, metrics.entry, direction, low, high, unit, place, about, parent, slice
FROM latest
JOIN run_steps AS planned USING (run_id, spec)
JOIN metrics USING (step_digest)
ORDER BY latest.spec, metric, planned.role = 'candidate' DESC
