SELECT DISTINCT steps.entry, prompts_asked.sample_id
FROM prompts_asked JOIN steps USING (step_digest)
ORDER BY ALL
