-- The specs that the pair steps of a spec's latest run were to meet.
WITH latest AS (
    SELECT run_id, spec FROM run_specs JOIN runs USING (run_id) WHERE spec = ?
    ORDER BY started_at DESC, run_id DESC LIMIT 1
)
SELECT planned.entry, planned.opponent
FROM latest JOIN run_steps AS planned USING (run_id, spec)
WHERE planned.kind = 'pair' AND planned.opponent IN (SELECT spec FROM run_specs)
ORDER BY planned.ordinal
