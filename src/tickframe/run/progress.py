"""Showing how far a run has come: a bar on stderr, or whatever has ``update`` and ``close``."""

from __future__ import annotations

import sys
import warnings
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """What a run tells of its parts."""

    def update(self, n: int, /) -> object:
        """Take in that some more parts are done."""

    def close(self) -> object:
        """Take in that the run has ended, one way or another."""


def open_progress(progress: bool | Progress, parts: int) -> Progress | None:
    """Return what to tell of the parts, None where nobody wants to know.

    Parameters
    ----------
    progress
        True for a bar on stderr, which stays silent where that is neither a terminal nor a notebook;
        an object of one's own; or False.
    parts
        How many parts there are.
    """
    if isinstance(progress, Progress):
        return progress
    if not progress or not (sys.stderr.isatty() or _in_notebook()):
        return None
    with warnings.catch_warnings():
        # Without ipywidgets it warns when it is imported, and takes the bar of letters, which does as well.
        warnings.filterwarnings("ignore", message="IProgress not found")
        # Only those should wait for it who want a bar.
        from tqdm.auto import tqdm  # noqa: PLC0415

    bar: Progress = tqdm(total=parts, desc="tickframe", unit="part")
    return bar


def _in_notebook() -> bool:
    """Say whether this process is a notebook's kernel; to import its package does not make it one."""
    kernels = sys.modules.get("ipykernel.kernelapp")
    return kernels is not None and bool(kernels.IPKernelApp.initialized())


def show_totals(progress: Progress, rows: int, size: int) -> None:
    """Show rows and bytes beside the bar, where it has a place for them."""
    set_postfix: Any = getattr(progress, "set_postfix_str", None)
    if set_postfix is not None:
        set_postfix(f"{rows:,} rows, {size / 1e6:,.1f} MB", refresh=False)
