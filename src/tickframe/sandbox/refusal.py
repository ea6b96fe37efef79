"""A request that cannot be answered, and why."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RefusalError(Exception):
    """The request is answered with an error status and these words.

    Parameters
    ----------
    description
        What is wrong with the request, and what to send instead.
    status
        The HTTP status.
    error
        The short name of the error.
    """

    def __init__(self, description: str, *, status: int = 400, error: str = "invalid_request") -> None:
        super().__init__(description)
        self.description = description
        self.status = status
        self.error = error


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the known names like ``name`` in words, or else all of them."""
    known = list(known)
    return near_names(name, known) or f"known: {', '.join(known) or 'none'}"


def near_names(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """Return the known names like ``name`` in words; an empty string if there is none.

    Parameters
    ----------
    name, known
        What was asked for, and what there is.
    likeness
        From 0 to 1, where 1 is the same but for capitals.
    """
    spelled = {candidate.lower(): candidate for candidate in known}
    near = [spelled[match] for match in difflib.get_close_matches(name.lower(), spelled, cutoff=likeness)]
    return f"did you mean {' or '.join(near)}?" if near else ""
