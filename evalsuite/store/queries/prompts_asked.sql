SELECT steps.role, steps.step_digest, prompts.prompt_digest, prompts.text, prompts.tokens, prompts.pieces
FROM prompts_asked JOIN prompts USING (prompt_digest) JOIN steps USING (step_digest)
WHERE steps.entry = ? AND prompts_asked.sample_id = ?
ORDER BY steps.finished_at DESC, steps.step_digest
