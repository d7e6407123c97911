-- What the figures of some steps were measured on: what the step that measured each has for the figure's entry, or else
-- for all its figures. What a step only compares was measured by another one; that of a later step speaks.
WITH given AS (SELECT ?::TEXT[] AS digests), figures AS (
    SELECT step_digest, metric FROM results, given WHERE list_contains(digests, step_digest)
    UNION SELECT step_digest, metric FROM scores, given WHERE list_contains(digests, step_digest)
)
SELECT figures.metric, coalesce(own.entry, every.entry) AS entry, coalesce(own.measured, every.measured) AS measured,
    coalesce(own.words, every.words) AS words
FROM figures, given
LEFT JOIN metrics ON metrics.step_digest = figures.step_digest AND metrics.metric = figures.metric
LEFT JOIN measurements AS own ON own.step_digest = figures.step_digest AND own.entry = metrics.entry
LEFT JOIN measurements AS every ON every.step_digest = figures.step_digest AND every.entry = ''
WHERE coalesce(own.measured, every.measured) IS NOT NULL
ORDER BY list_position(digests, figures.step_digest), figures.metric
