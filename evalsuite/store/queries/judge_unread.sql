-- What a judge by a rubric was shown and gave no score for, newest first.
WITH unread AS (
    SELECT step_digest, sample_id, min(reason) AS reason
    FROM scores JOIN judgings USING (step_digest)
    WHERE judge = ? AND rubric = ? AND value IS NULL
    GROUP BY ALL
)
SELECT steps.entry, steps.role, unread.sample_id, unread.reason, replies.prompt, replies.text
FROM unread
JOIN steps USING (step_digest)
LEFT JOIN replies ON replies.step_digest = unread.step_digest AND replies.sample_id = unread.sample_id
ORDER BY steps.finished_at DESC, unread.step_digest, unread.sample_id
LIMIT ?
