SELECT step_digest, judge, judge_digest, rubric, rubric_digest
FROM judgings WHERE step_digest IN (SELECT unnest(?::TEXT[]))
ORDER BY judge, rubric, step_digest
