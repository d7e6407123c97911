SELECT name, path, adapter_digest FROM trainings WHERE step_digest = ?
