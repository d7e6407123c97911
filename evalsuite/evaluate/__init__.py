"""Turns a model's replies into scores; knows nothing of where they are stored."""
