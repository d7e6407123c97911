SELECT planned.entry, planned.role, planned.step_digest AS digest, list(DISTINCT scores.metric ORDER BY scores.metric) AS metrics
FROM run_steps AS planned JOIN scores USING (step_digest)
WHERE planned.run_id = ? AND planned.spec = ? AND planned.entry IS NOT NULL
GROUP BY ALL
ORDER BY planned.entry, planned.role
