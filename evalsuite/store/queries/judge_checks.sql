-- The latest check of each judge by each rubric and kind of labels.
SELECT
    check_digest, judge, judge_digest, rubric, rubric_digest, kind, labels, labels_digest, checked_at, seed,
    judgments, calls, prompt_tokens, tokens, money
FROM judge_checks
QUALIFY row_number() OVER (
    PARTITION BY judge_digest, rubric_digest, kind ORDER BY checked_at DESC, check_digest
) = 1
ORDER BY judge, rubric, kind, checked_at
