"""Specs to ordered steps, each with a digest of all that it depends on."""
