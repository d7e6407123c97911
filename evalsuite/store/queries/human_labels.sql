-- One digest of all that people scored by each rubric.
SELECT
    rubric_digest,
    md5(string_agg(concat_ws(' ', reply_digest, annotator, criterion, score), ',' ORDER BY reply_digest, annotator, criterion)) AS digest
FROM human_scores GROUP BY rubric_digest ORDER BY rubric_digest
