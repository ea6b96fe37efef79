"""Compare both engines on random messages."""
