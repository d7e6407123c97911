SELECT sample_id, prompt, text, target, "group", note, subject FROM replies WHERE step_digest = ? ORDER BY sample_id
