SELECT rule, metric, answer, sentence, value, low, high, n, severity, p_value, needed, money
FROM rule_outcomes WHERE step_digest = ? ORDER BY ordinal
