-- The scores of judged sets that have an author, by role, and the fidelity of each, for each spec's latest run.
WITH latest AS (
    SELECT run_id, spec, coalesce(reference, base_model) AS base_model FROM run_specs JOIN runs USING (run_id)
    QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
), planned AS (
    SELECT spec, base_model, ordinal, kind, entry, role, step_digest FROM latest JOIN run_steps USING (run_id, spec)
), authored AS (
    SELECT DISTINCT spec, entry FROM planned WHERE role = 'author'
)
SELECT planned.spec, planned.base_model, authored.entry, planned.role,
    found.metric, value, low, high, n, unscored, reason, detail
FROM planned
JOIN results AS found USING (step_digest)
JOIN authored ON authored.spec = planned.spec
WHERE (planned.kind = 'score' AND planned.entry = authored.entry AND starts_with(found.metric, authored.entry || '.score'))
    OR (planned.kind = 'compare' AND found.metric = authored.entry || '.fidelity')
ORDER BY authored.entry, planned.spec, planned.ordinal, found.metric
