"""One file per way to parametrise the change to the base: its options, and the PEFT config they become."""
