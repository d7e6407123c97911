SELECT metric, value, low, high, n, unscored, reason, detail
FROM results WHERE step_digest IN (SELECT unnest(?::TEXT[]))
ORDER BY metric
