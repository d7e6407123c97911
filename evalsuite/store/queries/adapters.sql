-- Every spec with its base model and its verdict, if any, as of its latest run; those that passed first.
WITH latest AS (
    SELECT run_id, spec, base_model FROM run_specs JOIN runs USING (run_id)
    QUALIFY row_number() OVER (PARTITION BY spec ORDER BY started_at DESC, run_id DESC) = 1
), decided AS (
    SELECT run_id, spec, any_value(answer) AS answer
    FROM latest JOIN run_steps USING (run_id, spec) JOIN verdicts USING (step_digest)
    GROUP BY ALL
)
SELECT spec, base_model FROM latest LEFT JOIN decided USING (run_id, spec)
ORDER BY coalesce(list_position(['pass', 'undecided', 'invalid', 'fail'], answer), 5), spec
