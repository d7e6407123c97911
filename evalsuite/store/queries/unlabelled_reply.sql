-- A random reply of some steps that this person has not scored by a rubric yet, and how many are left.
WITH mine AS (SELECT DISTINCT question, reply FROM human_scores WHERE annotator = $by AND rubric_digest = $rubric_digest)
SELECT step_digest, sample_id, prompt AS question, text AS reply, count(*) OVER () AS waiting
FROM replies
WHERE list_contains($steps::TEXT[], step_digest) AND NOT list_contains($skipped::TEXT[], sample_id)
    AND NOT EXISTS (SELECT 1 FROM mine WHERE mine.question = replies.prompt AND mine.reply = replies.text)
ORDER BY md5(concat_ws(' ', $by, step_digest, sample_id)), step_digest, sample_id
LIMIT 1
