"""One file per probe; each is a `plugins.Probe`: what changed between base and candidate."""
