"""Where steps run: one loaded base, every reply through the reply cache, small trainings side by side."""
