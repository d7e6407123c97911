"""One file per kind of benchmark; each is a `plugins.Task`: its options, its samples and its score."""
