WITH latest AS (
    SELECT run_id, spec FROM run_specs JOIN runs USING (run_id)
    QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
)
SELECT latest.spec, metric, baseline, difference, low, high, p_value, n, gained, lost
FROM latest
JOIN run_steps AS planned USING (run_id, spec)
JOIN comparisons USING (step_digest)
ORDER BY latest.spec, planned.ordinal, metric, baseline
