"""The vLLM backend: a served base with its LoRA adapters loaded at run time, asked by token."""
