-- Some metrics of some steps, each beside the same of another step, one for each metric, on the samples that both have: how
-- many, and on how many it is higher and lower. Where these counts do not say everything there are none: some scores of the
-- metric are not 0 or 1, or have weights, or the samples hang together in groups.
WITH asked AS (
    SELECT unnest($ours::TEXT[]) AS step_digest, unnest($theirs::TEXT[]) AS other, unnest($metrics::TEXT[]) AS metric
), theirs AS MATERIALIZED (
    SELECT metric, sample_id, value
    FROM scores JOIN (SELECT DISTINCT other AS step_digest, metric FROM asked) USING (step_digest, metric)
    WHERE value IS NOT NULL
), graded AS MATERIALIZED (
    SELECT DISTINCT metric FROM scores WHERE (value <> 0 AND value <> 1) OR weight IS NOT NULL
), grouped AS (
    SELECT DISTINCT step_digest FROM replies WHERE "group" IS NOT NULL
), counted AS (
    SELECT step_digest, metric, count(*) AS n,
        sum((ours.value > theirs.value)::INTEGER) AS gained, sum((ours.value < theirs.value)::INTEGER) AS lost
    FROM scores AS ours
    JOIN (SELECT * FROM theirs WHERE metric NOT IN (SELECT metric FROM graded)) AS theirs USING (metric, sample_id)
    WHERE ours.value IS NOT NULL AND ours.step_digest IN (SELECT step_digest FROM asked)
    GROUP BY step_digest, metric
)
SELECT step_digest, metric, if(complete, n, NULL) AS n, if(complete, gained, NULL) AS gained,
    if(complete, lost, NULL) AS lost
FROM (SELECT *, step_digest NOT IN (SELECT step_digest FROM grouped) AS complete FROM counted)
SEMI JOIN asked USING (step_digest, metric)
UNION ALL
-- Whether a step has common samples at all is seen when its scores are read.
SELECT step_digest, metric, NULL, NULL, NULL
FROM asked WHERE metric IN (SELECT metric FROM graded)
ORDER BY step_digest, metric
