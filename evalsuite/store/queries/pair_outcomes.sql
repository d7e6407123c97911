WITH latest AS (
    SELECT run_id, spec, coalesce(reference, base_model) AS base_model, adapter_digest FROM run_specs JOIN runs USING (run_id)
    QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
)
SELECT planned.entry AS pairing, met.judged, judgings.judge, judgings.rubric, judgings.judge_digest,
    judgings.rubric_digest, latest.spec, latest.base_model,
    CASE WHEN now.adapter_digest IS NOT NULL AND now.adapter_digest IS DISTINCT FROM met.weights
        THEN met.player || ' (earlier)' ELSE met.player END AS opponent,
    scores.sample_id, replies."group", scores.value
FROM latest
JOIN run_steps AS planned USING (run_id, spec)
JOIN opponents AS met USING (step_digest)
JOIN judgings USING (step_digest)
JOIN scores ON scores.step_digest = planned.step_digest AND scores.metric = met.metric
LEFT JOIN replies ON replies.step_digest = planned.step_digest AND replies.sample_id = scores.sample_id
LEFT JOIN latest AS now ON now.spec = met.player
WHERE scores.value IS NOT NULL AND latest.spec <> met.player
ORDER BY pairing, met.judged, judgings.judge_digest, judgings.rubric_digest, latest.spec, opponent, scores.sample_id
