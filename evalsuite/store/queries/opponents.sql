SELECT step_digest, player FROM opponents
