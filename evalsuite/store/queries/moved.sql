-- Samples that a base and its candidate scored differently on some metrics, and by how much the score rose: of each metric
-- those that rose most and fell most, and how many rose or fell in all.
WITH asked AS (
    SELECT unnest($bases::TEXT[]) AS base, unnest($candidates::TEXT[]) AS candidate, unnest($metrics::TEXT[]) AS metric
), moved AS (
    SELECT asked.metric, before.sample_id, base, candidate, after.value - before.value AS rise
    FROM asked
    JOIN scores AS before ON before.step_digest = base AND before.metric = asked.metric
    JOIN scores AS after ON after.step_digest = candidate AND after.metric = asked.metric
        AND after.sample_id = before.sample_id
    WHERE after.value <> before.value
)
SELECT metric, sample_id, base, candidate, rise, count(*) OVER (PARTITION BY metric, rise > 0) AS total
FROM moved
QUALIFY row_number() OVER (PARTITION BY metric, rise > 0 ORDER BY abs(rise) DESC, sample_id) <= $most
ORDER BY abs(rise) DESC, metric, sample_id
