-- Each metric of some steps beside that of other steps on the samples that both have: how many, and on how many it is
-- higher and lower. Where these counts do not say everything there are none: some scores of the metric are not 0 or 1, or
-- have weights, or the samples hang together in groups. An empty list of metrics means all.
WITH theirs AS MATERIALIZED (
    SELECT metric, sample_id, value FROM scores
    WHERE step_digest IN (SELECT unnest($theirs::TEXT[])) AND value IS NOT NULL
        AND (len($metrics::TEXT[]) = 0 OR list_contains($metrics::TEXT[], metric))
    QUALIFY row_number() OVER (PARTITION BY metric, sample_id ORDER BY list_position($theirs::TEXT[], step_digest)) = 1
), graded AS MATERIALIZED (
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
SELECT step_digest, metric, if(complete, n, NULL) AS n, if(complete, gained, NULL) AS gained,
    if(complete, lost, NULL) AS lost
FROM (SELECT *, step_digest NOT IN (SELECT step_digest FROM grouped) AS complete FROM counted)
UNION ALL
-- Whether a step has the metric at all is seen when its scores are read.
SELECT unnest($ours::TEXT[]), metric, NULL, NULL, NULL
FROM (SELECT DISTINCT metric FROM theirs WHERE metric IN (SELECT metric FROM graded))
ORDER BY step_digest, metric
