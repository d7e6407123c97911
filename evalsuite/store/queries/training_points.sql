SELECT step, loss, held_out_loss FROM training_points WHERE step_digest = ? ORDER BY step
