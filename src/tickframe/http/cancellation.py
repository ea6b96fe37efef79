"""Ending a run early: sleeping threads wake up, and blocked reads return."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from tickframe.process import OwningProcess


class Cancelled(Exception):  # noqa: N818, nothing went wrong
    """The run was ended by its reader; it never reaches a user."""


class Cancellation:
    """What the threads of one run share. Safe to use from all of them."""

    def __init__(self) -> None:
        self._event = threading.Event()
        # The garbage collector may end a run in the middle of anything, this lock's own holder included.
        self._lock = threading.RLock()
        self._releases: set[Callable[[], None]] = set()
        self._owner = OwningProcess()

    def cancel(self) -> None:
        """End every wait and every blocked read, now and from now on."""
        if not self._owner.is_current():
            # The connections are the parent's, which goes on reading from them.
            return
        self._event.set()
        # Under the lock, so that a connection which another run uses by now is not shut down.
        with self._lock:
            for release in list(self._releases):
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
    def active(self) -> Iterator[None]:
        """Make this what :func:`current_cancellation` returns in this thread."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)

    @contextlib.contextmanager
    def releasing(self, release: Callable[[], None]) -> Iterator[None]:
        """Call ``release`` if the run ends while the body reads.

        Raises
        ------
        Cancelled
            If it has ended.
        """
        with self._lock:
            self._releases.add(release)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._releases.discard(release)


_CURRENT: ContextVar[Cancellation | None] = ContextVar("tickframe_cancellation", default=None)


def current_cancellation() -> Cancellation:
    """Return what ends the request that this thread makes; outside of a run nothing does."""
    return _CURRENT.get() or Cancellation()
