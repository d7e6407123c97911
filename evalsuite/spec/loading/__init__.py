"""YAML in, resolved specs out: every name followed, all problems at once."""
