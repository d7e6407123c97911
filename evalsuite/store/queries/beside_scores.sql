-- Some metrics of some steps beside those of other steps, sample by sample: scores, clusters and weights.
WITH theirs AS (
    SELECT metric, sample_id, value FROM scores
    WHERE step_digest IN (SELECT unnest($theirs::TEXT[])) AND value IS NOT NULL AND list_contains($metrics::TEXT[], metric)
    QUALIFY row_number() OVER (PARTITION BY metric, sample_id ORDER BY list_position($theirs::TEXT[], step_digest)) = 1
), asked AS (
    SELECT unnest($ours::TEXT[]) AS step_digest, unnest($metrics::TEXT[]) AS metric
)
SELECT ours.step_digest, metric, list(ours.value ORDER BY sample_id) AS ours, list(theirs.value ORDER BY sample_id) AS theirs,
    list(replies."group" ORDER BY sample_id) AS groups, list(ours.weight ORDER BY sample_id) AS weights
FROM asked
JOIN scores AS ours USING (step_digest, metric)
JOIN theirs USING (metric, sample_id)
LEFT JOIN replies USING (step_digest, sample_id)
WHERE ours.value IS NOT NULL
GROUP BY ALL
