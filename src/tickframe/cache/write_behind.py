"""Writing behind the fetch: in the order of arrival, on a thread that lives while there is something to write."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable

# What waits to be written stays in memory; whoever brings more waits too.
_MAXIMUM_WAITING = 128 * 1024 * 1024


class WriteBehind:
    """Named jobs, done one after another on another thread. Safe to use from many threads, and after a fork."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._changed = threading.Condition()
        # The first one is under way: whoever waits for its name waits until it is done.
        self._jobs: deque[tuple[str, Callable[[], None], int]] = deque()
        self._working = False

    def _reset_after_fork(self) -> None:
        """Leave what waits to the parent, whose thread it is."""
        if self._process != os.getpid():
            self._reset()

    def put(self, name: str, job: Callable[[], None], size: int) -> None:
        """Have a job done later; wait while those before it are too large for memory.

        Parameters
        ----------
        name
            What :meth:`wait` knows it by.
        job
            What to do. It must not raise.
        size
            The bytes that it keeps in memory.
        """
        self._reset_after_fork()
        with self._changed:
            self._changed.wait_for(lambda: not self._jobs or self._waiting() + size <= _MAXIMUM_WAITING)
            self._jobs.append((name, job, size))
            if self._working:
                return
            self._working = True
        # The interpreter waits for it before it exits: what was fetched is not lost.
        thread = threading.Thread(target=self._work, name="tickframe-cache", daemon=False)
        try:
            thread.start()
        except RuntimeError:
            # At the interpreter's exit there are no new threads.
            self._work()

    def wait(self, prefix: str = "") -> None:
        """Wait until the jobs are done whose names begin so."""
        self._reset_after_fork()
        with self._changed:
            self._changed.wait_for(lambda: not any(name.startswith(prefix) for name, _, _ in self._jobs))

    def _waiting(self) -> int:
        return sum(size for _, _, size in self._jobs)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._jobs:
                    self._working = False
                    return
                _, job, _ = self._jobs[0]
            try:
                job()
            finally:
                del job
                with self._changed:
                    self._jobs.popleft()
                    self._changed.notify_all()
