"""Decides whether a candidate is fit to release; pure."""
