"""Weights on disk: bases and adapters, their digests, and whether they fit together."""
