"""Declare an adapter in YAML, train it, score it, and learn whether it is fit to release."""

__version__ = "0.1.0"
