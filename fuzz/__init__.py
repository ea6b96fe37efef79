"""Random messages through both engines."""
