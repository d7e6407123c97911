-- The figures of every spec's latest run, by the step that measured each, and what it measured: the digest that the step
-- has for the figure's entry or for all its figures, none where the store does not say. `size` counts the step's samples.
WITH latest AS (
    SELECT run_id, spec, coalesce(reference, base_model) AS base_model FROM run_specs JOIN runs USING (run_id)
    QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
), planned AS (
    SELECT spec, base_model, ordinal, role, kind, coalesce(entry, '') AS step_entry, step_digest
    FROM latest JOIN run_steps USING (run_id, spec)
), sizes AS (
    SELECT step_digest, max(n + unscored) AS size FROM results
    WHERE step_digest IN (SELECT step_digest FROM planned) GROUP BY step_digest
), figures AS (
    -- Results, and what has scores alone. What a step only compares was measured by another one.
    SELECT step_digest, metric FROM results
    UNION SELECT step_digest, metric FROM metrics ANTI JOIN comparisons USING (step_digest, metric)
)
SELECT planned.spec, planned.base_model, planned.role, planned.kind, planned.step_entry, planned.step_digest AS step,
    figures.metric, coalesce(metrics.entry, '') AS entry, coalesce(own.measured, every.measured) AS measured, sizes.size
FROM planned
JOIN figures USING (step_digest)
LEFT JOIN metrics ON metrics.step_digest = figures.step_digest AND metrics.metric = figures.metric
LEFT JOIN measurements AS own ON own.step_digest = planned.step_digest AND own.entry = metrics.entry
LEFT JOIN measurements AS every ON every.step_digest = planned.step_digest AND every.entry = ''
LEFT JOIN sizes ON sizes.step_digest = planned.step_digest
ORDER BY planned.spec, planned.ordinal, figures.metric
