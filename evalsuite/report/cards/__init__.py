"""What is told of one spec: card, verdict, release note, model card."""
