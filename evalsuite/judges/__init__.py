"""Judges: who grades. One file per kind in `kinds/`; beside it what kinds share and what measures them."""
