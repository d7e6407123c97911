-- The metrics of some steps, and whether their samples differ in weight.
SELECT step_digest, metric, count(weight) > 0 AS weighed
FROM scores WHERE step_digest IN (SELECT unnest(?::TEXT[]))
GROUP BY step_digest, metric
ORDER BY step_digest, metric
