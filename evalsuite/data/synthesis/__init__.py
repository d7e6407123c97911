"""Rows made out of plain documents, by rule or by a teacher."""
