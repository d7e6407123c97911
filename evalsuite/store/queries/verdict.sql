SELECT policy, answer FROM verdicts WHERE step_digest = ?
