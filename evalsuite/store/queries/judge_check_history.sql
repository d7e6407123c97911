-- Every check ever made, oldest first.
SELECT
    check_digest, judge, judge_digest, rubric, rubric_digest, kind, labels, labels_digest, checked_at, seed,
    judgments, calls, prompt_tokens, tokens, money
FROM judge_checks
ORDER BY checked_at, check_digest
