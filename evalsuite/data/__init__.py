"""Training and test data: reading, mixing, splitting and digests."""
