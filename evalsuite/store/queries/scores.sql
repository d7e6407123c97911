SELECT scores.metric, scores.sample_id, scores.value, scores.weight, replies."group", replies.subject
FROM scores LEFT JOIN replies USING (step_digest, sample_id)
WHERE scores.step_digest IN (SELECT unnest(?::TEXT[]))
ORDER BY scores.metric, scores.sample_id
