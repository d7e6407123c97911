-- Some metrics of some steps, each beside the same of another step, one for each metric, sample by sample: scores, clusters
-- and weights.
WITH asked AS (
    SELECT unnest($ours::TEXT[]) AS step_digest, unnest($theirs::TEXT[]) AS other, unnest($metrics::TEXT[]) AS metric
), theirs AS (
    SELECT metric, sample_id, value, weight
    FROM scores JOIN (SELECT DISTINCT other AS step_digest, metric FROM asked) USING (step_digest, metric)
    WHERE value IS NOT NULL
)
SELECT ours.step_digest, metric, list(ours.value ORDER BY sample_id) AS ours, list(theirs.value ORDER BY sample_id) AS theirs,
    list(replies."group" ORDER BY sample_id) AS groups, list(ours.weight ORDER BY sample_id) AS weights
FROM asked
JOIN scores AS ours USING (step_digest, metric)
JOIN theirs USING (metric, sample_id)
LEFT JOIN replies USING (step_digest, sample_id)
-- A sample that weighs differently, as one does in tokens of two tokenisers, was not measured in one unit.
WHERE ours.value IS NOT NULL AND ours.weight IS NOT DISTINCT FROM theirs.weight
GROUP BY ALL
