"""What type checkers see of the public API; run by them, not by pytest."""
