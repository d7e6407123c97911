"""OpenAI-style servers: when a call may go, what it says, what it costs, when it is tried again."""
