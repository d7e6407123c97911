SELECT question, reply, annotator, criterion, score
FROM human_scores WHERE rubric_digest = ?
ORDER BY reply_digest, annotator, criterion
