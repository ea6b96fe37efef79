"""Warnings that point at the line of the caller."""

from __future__ import annotations

import inspect
import warnings

from tickframe.errors import TickframeWarning


def warn(message: str) -> None:
    """Warn at the line that called into the package."""
    depth = 1
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("tickframe."):
        frame = frame.f_back
        depth += 1
    warnings.warn(message, TickframeWarning, stacklevel=depth)
