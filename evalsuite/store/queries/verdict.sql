SELECT policy, answer, baseline FROM verdicts WHERE step_digest = ?
