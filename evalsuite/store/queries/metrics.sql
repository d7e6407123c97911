WITH given AS (SELECT ?::TEXT[] AS digests)
SELECT metric AS name, entry, direction, low, high, unit, place, about, parent, slice
FROM metrics, given
WHERE list_contains(digests, step_digest)
ORDER BY list_position(digests, step_digest), metric
