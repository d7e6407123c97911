-- Every measurement in words.
SELECT measured, any_value(words) AS words FROM measurements GROUP BY measured
