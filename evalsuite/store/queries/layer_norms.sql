SELECT layer, update_norm AS "update", base_norm AS base FROM layer_norms WHERE step_digest = ? ORDER BY layer
