"""The documents a person writes: YAML in, typed and checked values out."""
