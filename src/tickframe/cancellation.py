"""Ending a run early: sleeping threads wake up, and blocked reads return."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

__all__ = ["Cancellation", "Cancelled"]


class Cancelled(Exception):  # noqa: N818, nothing went wrong
    """The run was ended by its reader; it never reaches a user."""


class Cancellation:
    """What the threads of one run share. Safe to use from all of them."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._releases: set[Callable[[], None]] = set()

    def cancel(self) -> None:
        """End every wait and every blocked read, now and from now on."""
        self._event.set()
        with self._lock:
            releases = list(self._releases)
        for release in releases:
            # The read may have ended by itself in the meantime.
            with contextlib.suppress(OSError, RuntimeError, ValueError):
                release()

    def check(self) -> None:
        """Raise :class:`Cancelled` if the run has ended."""
        if self._event.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond the end of the run.

        Raises
        ------
        Cancelled
            If the run has ended.
        """
        if self._event.wait(seconds):
            raise Cancelled

    @contextlib.contextmanager
    def releasing(self, release: Callable[[], None]) -> Iterator[None]:
        """Call ``release`` if the run ends while the body reads."""
        with self._lock:
            self._releases.add(release)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._releases.discard(release)
