"""One file per rule; each is a `plugins.Rule`: its options and its `check`."""
