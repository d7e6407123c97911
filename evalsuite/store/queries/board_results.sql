WITH latest AS (
    SELECT run_id, spec FROM run_specs JOIN runs USING (run_id)
    QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
)
SELECT latest.spec, planned.role, found.metric, value, low, high, n, unscored, reason, detail
FROM latest
JOIN run_steps AS planned USING (run_id, spec)
JOIN results AS found USING (step_digest)
WHERE planned.role IN ('candidate', 'base')
ORDER BY latest.spec, planned.ordinal, found.metric
