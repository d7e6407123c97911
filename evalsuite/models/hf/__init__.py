"""The hf backend: transformers and PEFT in this process."""
