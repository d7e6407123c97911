-- Samples that a base and its candidate scored differently on some metrics, and by how much the score rose.
WITH asked AS (
    SELECT unnest($bases::TEXT[]) AS base, unnest($candidates::TEXT[]) AS candidate, unnest($metrics::TEXT[]) AS metric
)
SELECT asked.metric, before.sample_id, base, candidate, after.value - before.value AS rise
FROM asked
JOIN scores AS before ON before.step_digest = base AND before.metric = asked.metric
JOIN scores AS after ON after.step_digest = candidate AND after.metric = asked.metric
    AND after.sample_id = before.sample_id
WHERE after.value <> before.value
ORDER BY abs(rise) DESC, asked.metric, before.sample_id
