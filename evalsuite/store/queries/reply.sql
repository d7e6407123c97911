SELECT sample_id, prompt, text, target, "group", note FROM replies WHERE step_digest = ? AND sample_id = ?
