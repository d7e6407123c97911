-- What a verdict was held against, how grave each rule is, how sure it was, and what an undecided one would need.
ALTER TABLE verdicts ADD COLUMN baseline TEXT DEFAULT 'base';
ALTER TABLE rule_outcomes ADD COLUMN severity TEXT DEFAULT 'block';
ALTER TABLE rule_outcomes ADD COLUMN p_value DOUBLE;
ALTER TABLE rule_outcomes ADD COLUMN needed INTEGER;
ALTER TABLE rule_outcomes ADD COLUMN money DOUBLE;
