"""The quickstart's own small world, and the tiny base model pretrained on it."""
