"""Tick data from the xyt hub service in pandas: whole, exact and fast."""
