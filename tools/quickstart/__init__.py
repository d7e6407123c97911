"""The quickstart's own small world, and the making of its data and of the tiny base model; not in the wheel."""
