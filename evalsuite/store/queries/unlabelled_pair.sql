-- A random sample that two steps replied to differently and that this person has not labelled yet; how many are left.
WITH mine AS (SELECT question, a, b FROM human_preferences WHERE annotator = $by)
SELECT first.sample_id, first.prompt AS question, first.text AS first, second.text AS second, count(*) OVER () AS waiting
FROM replies AS first
JOIN replies AS second ON second.sample_id = first.sample_id AND second.step_digest = $second
WHERE first.step_digest = $first AND first.text <> second.text AND NOT list_contains($skipped::TEXT[], first.sample_id)
    AND NOT EXISTS (
        SELECT 1 FROM mine WHERE mine.question = first.prompt
        AND ((mine.a = first.text AND mine.b = second.text) OR (mine.a = second.text AND mine.b = first.text))
    )
ORDER BY md5(concat_ws(' ', $by, first.sample_id)), first.sample_id
LIMIT 1
