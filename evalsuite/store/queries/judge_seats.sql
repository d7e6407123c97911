-- Who judged by what: how many steps and samples, how many samples without a score, and when last. A sample that could
-- not be judged has no score in any metric, so the metric with most samples of a step speaks for all of them.
WITH counted AS (
    SELECT step_digest, metric, count(*) AS judged, count(*) - count(value) AS unread
    FROM scores WHERE step_digest IN (SELECT step_digest FROM judgings)
    GROUP BY step_digest, metric
), summed AS (
    SELECT step_digest, max(judged) AS judged, max(unread) AS unread FROM counted GROUP BY step_digest
)
SELECT judge, rubric, count(*) AS steps, sum(judged)::BIGINT AS judged, sum(unread)::BIGINT AS unread,
    max(finished_at) AS last_at
FROM judgings JOIN steps USING (step_digest) JOIN summed USING (step_digest)
GROUP BY judge, rubric
ORDER BY judge, rubric
