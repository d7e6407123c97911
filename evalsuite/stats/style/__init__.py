"""How far texts are from an author's."""
