WITH given AS (SELECT ?::TEXT[] AS digests)
SELECT metric, value, low, high, n, unscored, reason, detail
FROM results, given
WHERE list_contains(digests, step_digest)
ORDER BY list_position(digests, step_digest), metric
