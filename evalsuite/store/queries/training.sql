SELECT
    name, path, adapter_digest, tokens_seen, tokens_per_second, wall_seconds, peak_memory_mb,
    trained_parameters, total_parameters, held_out_loss
FROM trainings WHERE step_digest = ?
