"""Kinds of judges, one per file: each a document that keeps `spec.judging.Judge`: known, priced and asked."""
