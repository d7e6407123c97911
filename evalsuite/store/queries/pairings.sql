-- Every figure of the pair steps of each spec's latest run, with how many pairs its scores won, tied and lost.
WITH latest AS (
    SELECT run_id, spec, coalesce(reference, base_model) AS base_model FROM run_specs JOIN runs USING (run_id)
    QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
), planned AS (
    SELECT spec, base_model, entry, step_digest
    FROM latest JOIN run_steps USING (run_id, spec)
    WHERE kind = 'pair' AND entry IS NOT NULL
), counted AS (
    SELECT step_digest, metric,
        count(*) FILTER (value = 1) AS won, count(*) FILTER (value = 0.5) AS tied, count(*) FILTER (value = 0) AS lost
    FROM scores
    WHERE step_digest IN (SELECT step_digest FROM planned)
    GROUP BY ALL
)
SELECT planned.spec, planned.base_model, planned.entry, planned.step_digest,
    coalesce(won, 0) AS won, coalesce(tied, 0) AS tied, coalesce(lost, 0) AS lost,
    found.metric, found.value, found.low, found.high, found.n, found.unscored, found.reason, found.detail
FROM planned
JOIN results AS found USING (step_digest)
LEFT JOIN counted ON counted.step_digest = found.step_digest AND counted.metric = found.metric
ORDER BY planned.entry, planned.spec, found.metric
