-- Each metric of some steps beside that of other steps on the samples that both have: how many, and on how many it is
-- higher and lower. Where these counts do not say everything there are none: some scores of the metric are not 0 or 1, or
-- have weights, or the samples hang together in groups. An empty list of metrics means all.
WITH theirs AS (
    SELECT metric, sample_id, value FROM scores
    WHERE step_digest IN (SELECT unnest($theirs::TEXT[])) AND value IS NOT NULL
        AND (len($metrics::TEXT[]) = 0 OR list_contains($metrics::TEXT[], metric))
    QUALIFY row_number() OVER (PARTITION BY metric, sample_id ORDER BY list_position($theirs::TEXT[], step_digest)) = 1
), graded AS (
    SELECT DISTINCT metric FROM scores WHERE (value <> 0 AND value <> 1) OR weight IS NOT NULL
), grouped AS (
    SELECT DISTINCT step_digest FROM replies WHERE "group" IS NOT NULL
), counted AS (
    SELECT ours.step_digest, metric, count(*) AS n,
        sum((ours.value > theirs.value)::INTEGER) AS gained, sum((ours.value < theirs.value)::INTEGER) AS lost
    FROM scores AS ours JOIN (SELECT * FROM theirs WHERE metric NOT IN (SELECT metric FROM graded)) AS theirs
    USING (metric, sample_id)
    WHERE ours.value IS NOT NULL AND ours.step_digest IN (SELECT unnest($ours::TEXT[]))
    GROUP BY ours.step_digest, metric
)
SELECT step_digest, metric, n, gained, lost FROM counted
WHERE step_digest NOT IN (SELECT step_digest FROM grouped)
UNION ALL
SELECT step_digest, metric, NULL, NULL, NULL FROM counted
WHERE step_digest IN (SELECT step_digest FROM grouped)
UNION ALL
SELECT DISTINCT step_digest, metric, NULL, NULL, NULL FROM scores
WHERE metric IN (SELECT metric FROM graded) AND metric IN (SELECT metric FROM theirs)
    AND step_digest IN (SELECT unnest($ours::TEXT[]))
ORDER BY step_digest, metric
