"""What is known about one figure."""
