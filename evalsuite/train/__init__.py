"""Turns training data and a base model into an adapter."""
