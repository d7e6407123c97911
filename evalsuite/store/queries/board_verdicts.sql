WITH latest AS (
    SELECT run_id, spec FROM run_specs JOIN runs USING (run_id)
    QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
)
SELECT latest.spec, verdicts.policy, verdicts.answer, found.rule, found.metric, found.answer AS found, found.sentence,
    found.value, found.low, found.high, found.n, found.severity, found.p_value, found.needed, found.money
FROM latest
JOIN run_steps AS planned USING (run_id, spec)
JOIN verdicts USING (step_digest)
LEFT JOIN rule_outcomes AS found USING (step_digest)
ORDER BY latest.spec, found.ordinal
