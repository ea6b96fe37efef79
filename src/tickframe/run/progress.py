"""Progress of a run: a bar on stderr, or any object with ``update`` and ``close``."""

from __future__ import annotations

import sys
import warnings
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """Receives the progress of a run."""

    def update(self, n: int, /) -> object:
        """Add a number of parts that are done."""

    def close(self) -> object:
        """End the display: the run has ended, whether or not it succeeded."""


def open_progress(progress: bool | Progress, parts: int) -> Progress | None:
    """Return what receives the progress of a run; None for nothing.

    Parameters
    ----------
    progress
        True for a bar on stderr, shown only in a terminal or a notebook; False; or an object of your own.
    parts
        Number of parts.
    """
    if isinstance(progress, Progress):
        return progress
    if not progress or not (sys.stderr.isatty() or _in_notebook()):
        return None
    with warnings.catch_warnings():
        # Without ipywidgets its import warns, and it falls back to a text bar, which is fine.
        warnings.filterwarnings("ignore", message="IProgress not found")
        # Its import takes a noticeable time.
        from tqdm.auto import tqdm  # noqa: PLC0415

    bar: Progress = tqdm(total=parts, desc="tickframe", unit="part")
    return bar


def _in_notebook() -> bool:
    """Return whether this process is a notebook's kernel, which importing its package does not make it."""
    kernels = sys.modules.get("ipykernel.kernelapp")
    return kernels is not None and bool(kernels.IPKernelApp.initialized())


def show_totals(progress: Progress, rows: int, size: int) -> None:
    """Show rows and bytes next to the bar, if it supports that."""
    set_postfix: Any = getattr(progress, "set_postfix_str", None)
    if set_postfix is not None:
        set_postfix(f"{rows:,} rows, {size / 1e6:,.1f} MB", refresh=False)
