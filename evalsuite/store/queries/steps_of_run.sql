SELECT
    planned.spec, planned.step_digest AS digest, planned.kind, planned.entry, planned.role, steps.finished_at,
    steps.seconds
FROM run_steps AS planned LEFT JOIN steps USING (step_digest)
WHERE planned.run_id = ?
ORDER BY planned.spec, planned.ordinal
