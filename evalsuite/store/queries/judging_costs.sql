-- What each judge by each rubric took, over all steps that it judged.
SELECT judge, rubric, sum(calls)::BIGINT AS calls, sum(prompt_tokens)::BIGINT AS prompt_tokens,
    sum(tokens)::BIGINT AS tokens, sum(money) AS money
FROM judgings JOIN judging_costs USING (step_digest)
GROUP BY ALL
ORDER BY judge, rubric
