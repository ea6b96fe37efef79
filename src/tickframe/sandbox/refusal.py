"""Refused requests, and suggestions of what to send instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RefusalError(Exception):
    """A request that is answered with an error status and a description.

    Parameters
    ----------
    description
        What is wrong with the request, and what to send instead.
    status
        The HTTP status.
    error
        The error code, as in RFC 6749.
    """

    def __init__(self, description: str, *, status: int = 400, error: str = "invalid_request") -> None:
        super().__init__(description)
        self.description = description
        self.status = status
        self.error = error


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return a text with the known names similar to ``name``, or with all if none is similar."""
    known = list(known)
    return near_names(name, known) or (f"expected one of {', '.join(known)}" if known else "expected none")


def near_names(name: str, known: Iterable[str], similarity: float = 0.6) -> str:
    """Return a text with the known names similar to ``name``; an empty string if none is similar.

    Parameters
    ----------
    name, known
        The requested name and the available ones.
    similarity
        The least similarity, from 0 to 1; 1 means equal except for case.
    """
    spelled = {candidate.lower(): candidate for candidate in known}
    near = [spelled[match] for match in difflib.get_close_matches(name.lower(), spelled, cutoff=similarity)]
    return f"did you mean {' or '.join(near)}?" if near else ""
