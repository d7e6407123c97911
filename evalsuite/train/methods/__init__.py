"""One file per training method; each is a `plugins.Method`: its options and its `train`."""
