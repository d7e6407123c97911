"""Where steps run: in this process, on one loaded base model, every reply through the reply cache."""
