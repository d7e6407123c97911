"""Ratings, win rates and grades out of pairs."""
