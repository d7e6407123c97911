"""Candidates beside baselines and opponents, paired by sample."""
