"""Backends, one per file: what `base_model` may say, what such a model is known by, and how it is loaded."""
