-- Who judged by what: how many steps and samples, how many samples without a score, and when last.
SELECT judge, rubric, count(DISTINCT step_digest) AS steps, count(*) AS judged,
    count(*) FILTER (unread) AS unread, max(finished_at) AS last_at
FROM judgings
JOIN steps USING (step_digest)
JOIN (SELECT step_digest, sample_id, bool_or(value IS NULL) AS unread FROM scores GROUP BY ALL) USING (step_digest)
GROUP BY ALL
ORDER BY judge, rubric
