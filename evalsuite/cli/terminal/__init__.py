"""How verbs show themselves on a terminal."""
