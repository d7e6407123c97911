SELECT metric, value, low, high, n, unscored, reason, detail
FROM judge_health WHERE check_digest = ? ORDER BY ordinal
