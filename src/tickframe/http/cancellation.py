"""Cancellation of a run: waits end, and blocked reads return."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from tickframe.process import OwningProcess
from tickframe.threads import Signal


class Cancelled(Exception):  # noqa: N818, nothing went wrong
    """The reader of the run ended it. Users never see this."""


class Cancellation:
    """The cancellation of one run, shared by its threads."""

    def __init__(self) -> None:
        # The garbage collector may cancel a run at any point, even in a thread that waits for it or holds this lock.
        self._cancelled = Signal()
        self._lock = threading.RLock()
        self._releases: set[Callable[[], None]] = set()
        self._owner = OwningProcess()

    def cancel(self) -> None:
        """End all waits and blocked reads, also later ones."""
        if not self._owner.is_current():
            # After a fork the connections are the parent's, which is still reading from them.
            return
        self._cancelled.set()
        # Under the lock, so that no connection is shut down after another run has taken it over.
        with self._lock:
            for release in list(self._releases):
                # The read may have ended in the meantime.
                with contextlib.suppress(OSError, RuntimeError, ValueError):
                    release()

    def check(self) -> None:
        """Raise :class:`Cancelled` if the run was cancelled."""
        if self._cancelled.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> None:
        """Sleep until the time has passed or the run is cancelled.

        Raises
        ------
        Cancelled
            If the run was cancelled.
        """
        if self._cancelled.wait(seconds):
            raise Cancelled

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Let :func:`current_cancellation` return this object in this thread."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            # The garbage collector may close an interrupted one in another thread.
            with contextlib.suppress(ValueError):
                _CURRENT.reset(token)

    @contextlib.contextmanager
    def releasing(self, release: Callable[[], None]) -> Iterator[None]:
        """Call ``release`` if the run is cancelled while the body of the ``with`` statement reads.

        Raises
        ------
        Cancelled
            If the run was cancelled before.
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
    """Return the cancellation of the run that this thread works for; outside of a run, one that never happens."""
    return _CURRENT.get() or Cancellation()
