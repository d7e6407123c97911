"""Judges, their checks, people's labels, and pairs."""
