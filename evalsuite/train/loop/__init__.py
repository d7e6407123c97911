"""One training from rows to a saved adapter."""
