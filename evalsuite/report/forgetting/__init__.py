"""What a candidate gained and lost."""
