"""Replies to scores, scores to results."""
