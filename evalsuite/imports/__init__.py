"""Judgments that were made elsewhere: one file per format, and the figures computed from them."""
