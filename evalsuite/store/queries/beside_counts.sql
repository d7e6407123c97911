-- Each metric of some steps beside that of other steps on the samples that both have: how many, on how many it is higher
-- and lower, and whether these counts say everything: all scores are 0 or 1, without weights, and no samples hang
-- together in groups. An empty list of metrics means all.
WITH theirs AS (
    SELECT metric, sample_id, value FROM scores
    WHERE step_digest IN (SELECT unnest($theirs::TEXT[])) AND value IS NOT NULL
        AND (len($metrics::TEXT[]) = 0 OR list_contains($metrics::TEXT[], metric))
    QUALIFY row_number() OVER (PARTITION BY metric, sample_id ORDER BY list_position($theirs::TEXT[], step_digest)) = 1
), counted AS (
    SELECT ours.step_digest, metric, count(*) AS n,
        count(*) FILTER (ours.value > theirs.value) AS gained, count(*) FILTER (ours.value < theirs.value) AS lost,
        count(*) FILTER (ours.value NOT IN (0, 1) OR theirs.value NOT IN (0, 1)) AS graded, count(ours.weight) AS weighed
    FROM scores AS ours JOIN theirs USING (metric, sample_id)
    WHERE ours.value IS NOT NULL AND ours.step_digest IN (SELECT unnest($ours::TEXT[]))
    GROUP BY ours.step_digest, metric
), grouped AS (
    SELECT DISTINCT step_digest FROM replies WHERE "group" IS NOT NULL
)
SELECT step_digest, metric, n, gained, lost,
    graded = 0 AND weighed = 0 AND step_digest NOT IN (SELECT step_digest FROM grouped) AS complete
FROM counted
ORDER BY step_digest, metric
