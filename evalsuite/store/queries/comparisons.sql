SELECT metric, baseline, difference, low, high, p_value, n, gained, lost
FROM comparisons WHERE step_digest IN (SELECT unnest(?::TEXT[]))
ORDER BY metric, baseline
