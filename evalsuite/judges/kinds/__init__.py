"""Kinds of judges, one per file: a document that is known, priced and asked as `spec.judge.Judge` promises."""
