SELECT check_digest, metric, value, low, high, n, unscored, reason, detail
FROM judge_health ORDER BY check_digest, ordinal
