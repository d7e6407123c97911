-- What two steps said to one sample.
SELECT step_digest, sample_id, prompt, text, target, "group", note FROM replies
WHERE sample_id = $sample AND step_digest IN ($before, $after)
