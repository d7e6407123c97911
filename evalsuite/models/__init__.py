"""Models: the protocol that all keep, the backends that answer, and the checkpoints that they load."""
