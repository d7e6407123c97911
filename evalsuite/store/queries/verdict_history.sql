-- Every verdict that a run came to or took over, the newest run first.
SELECT
    runs.run_id, runs.started_at, planned.spec, specs.adapter_digest, planned.step_digest, verdicts.policy,
    verdicts.baseline, verdicts.answer
FROM run_steps AS planned
JOIN runs USING (run_id)
JOIN run_specs AS specs USING (run_id, spec)
JOIN verdicts USING (step_digest)
ORDER BY runs.started_at DESC, runs.run_id DESC, planned.spec
