"""Judges: who grades. `kinds/` has one file for each kind, beside it stands what kinds share and what measures them."""
