"""What a person reads: leaderboard, run card, comparison and verdict, as tables, Markdown, CSV and JSON."""
