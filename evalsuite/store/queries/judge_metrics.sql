SELECT health.check_digest, health.metric AS name, metrics.entry, direction, metrics.low, metrics.high, unit, place, about,
    parent, slice
FROM judge_health AS health
JOIN metrics ON metrics.step_digest = health.check_digest AND metrics.metric = health.metric
ORDER BY health.check_digest, health.ordinal
