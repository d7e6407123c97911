-- What specs were scored on in their latest runs: whose replies, by which step, and its metrics.
WITH latest AS (
    SELECT run_id, spec, coalesce(reference, base_model) AS base_model FROM run_specs JOIN runs USING (run_id)
    QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
), planned AS (
    SELECT spec, base_model, entry, role, kind, ordinal, step_digest FROM latest JOIN run_steps USING (run_id, spec)
    WHERE list_contains($specs::TEXT[], spec) AND entry IS NOT NULL
), known AS (
    SELECT step_digest, list(DISTINCT metric ORDER BY metric) AS metrics
    FROM scores WHERE step_digest IN (SELECT step_digest FROM planned)
    GROUP BY step_digest
)
SELECT spec, base_model, entry, role, step_digest AS digest, metrics
FROM planned JOIN known USING (step_digest)
-- Scores and pairs come first: they have replies to read.
ORDER BY list_position($specs::TEXT[], spec), list_position(['score', 'pair'], kind) NULLS LAST, ordinal
