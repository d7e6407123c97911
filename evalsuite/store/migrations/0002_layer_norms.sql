-- How far a training moved each layer: Frobenius norms of the update and of the base weight.
CREATE TABLE layer_norms (
    step_digest TEXT NOT NULL,
    layer TEXT NOT NULL,
    update_norm DOUBLE NOT NULL,
    base_norm DOUBLE NOT NULL,
    PRIMARY KEY (step_digest, layer)
);
