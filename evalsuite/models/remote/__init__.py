"""Asking a server over the network: when a call may go, what it says, what it costs, and when it is tried again."""
