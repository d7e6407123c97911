SELECT calls, prompt_tokens, tokens, money FROM run_costs WHERE run_id = ?
