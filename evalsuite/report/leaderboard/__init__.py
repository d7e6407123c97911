"""All specs beside each other."""
