"""Models behind one protocol: completions and log-likelihoods, with or without an adapter."""
