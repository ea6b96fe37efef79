"""Text from outside, as a terminal, a notebook or a log can show it."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return text on one line, with control characters escaped: those of a response could steer a terminal."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in " ".join(text.split()))
