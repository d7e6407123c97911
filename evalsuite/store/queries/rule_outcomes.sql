SELECT rule, metric, answer, sentence, value, low, high, n
FROM rule_outcomes WHERE step_digest = ? ORDER BY ordinal
