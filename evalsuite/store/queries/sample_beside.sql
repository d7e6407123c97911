-- One sample of those that a person asked for, with what each of some steps (the sides) said to it and scored; how many
-- there are. A place behind the last one means the last one.
WITH sides AS (
    SELECT unnest($steps::TEXT[]) AS step_digest, generate_subscripts($steps::TEXT[], 1) AS side
), scored AS (
    SELECT side, sample_id, value FROM scores JOIN sides USING (step_digest) WHERE metric = $metric
), apart AS (
    -- Members of a panel said different things, or a judge changed its choice with the order of a pair.
    SELECT step_digest, sample_id,
        max(value) FILTER (list_contains($disagreements::TEXT[], metric)) AS apart,
        bool_or(value = 0) FILTER (list_contains($consistencies::TEXT[], metric)) AS turned
    FROM scores
    WHERE step_digest IN (SELECT step_digest FROM sides)
        AND list_contains(list_concat($disagreements::TEXT[], $consistencies::TEXT[]), metric)
    GROUP BY ALL
), summed AS (
    SELECT sample_id, count(value) AS known, count(DISTINCT value) AS kinds,
        any_value(value) FILTER (side = 1) AS first, any_value(value) FILTER (side = 2) AS second
    FROM scored GROUP BY sample_id
), chosen AS (
    SELECT sample_id, count(*) OVER () AS found, row_number() OVER (ORDER BY sample_id) AS place
    FROM summed
    WHERE CASE $which
        WHEN 'all' THEN true
        WHEN 'differs' THEN kinds > 1
        WHEN 'first lost' THEN if($less_is_better, first > second, first < second)
        WHEN 'first won' THEN if($less_is_better, first < second, first > second)
        WHEN 'unscored' THEN known < len($steps::TEXT[])
        WHEN 'judges disagree' THEN sample_id IN (SELECT sample_id FROM apart WHERE apart > 0 OR turned)
    END
    QUALIFY place = least($at::INTEGER + 1, found)
)
SELECT chosen.found, chosen.sample_id, sides.side, scored.value, apart.apart, apart.turned,
    replies.prompt, replies.text, replies.target, replies."group", replies.note
FROM chosen CROSS JOIN sides
LEFT JOIN scored ON scored.side = sides.side AND scored.sample_id = chosen.sample_id
LEFT JOIN apart ON apart.step_digest = sides.step_digest AND apart.sample_id = chosen.sample_id
LEFT JOIN replies ON replies.step_digest = sides.step_digest AND replies.sample_id = chosen.sample_id
ORDER BY sides.side
