"""Rows that a training learns from."""
