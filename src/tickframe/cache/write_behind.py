"""Write-behind: a queue of jobs, done in order on a thread that lives only while there are jobs."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from tickframe.process import OwningProcess

# Queued data stays in memory. At this size, callers that add more are blocked.
_MAXIMUM_QUEUED = 128 * 1024 * 1024


class WriteBehind:
    """A queue of named jobs, done in order on another thread. Safe to use from many threads and after a fork."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._process = OwningProcess()
        self._changed = threading.Condition()
        # The first job stays in the queue until it is done, so that wait() includes it.
        self._jobs: deque[tuple[str, Callable[[], None], int]] = deque()
        self._working = False

    def _reset_after_fork(self) -> None:
        """Leave the queued jobs to the parent, whose thread does them."""
        if not self._process.is_current():
            self._reset()

    def put(self, name: str, job: Callable[[], None], size: int) -> None:
        """Queue a job; block while the queued jobs use too much memory.

        Parameters
        ----------
        name
            Name for :meth:`wait`.
        job
            A callable that does not raise.
        size
            Bytes that the job keeps in memory.
        """
        self._reset_after_fork()
        with self._changed:
            self._changed.wait_for(lambda: not self._jobs or self._queued() + size <= _MAXIMUM_QUEUED)
            self._jobs.append((name, job, size))
            if self._working:
                return
            self._working = True
        # The interpreter waits for a thread that is not a daemon, so nothing is lost at exit.
        thread = threading.Thread(target=self._work, name="tickframe-cache", daemon=False)
        try:
            thread.start()
        except RuntimeError:
            # No thread can be started while the interpreter exits.
            self._work()

    def wait(self, prefix: str = "") -> None:
        """Wait until all jobs are done whose names start with a prefix."""
        self._reset_after_fork()
        with self._changed:
            self._changed.wait_for(lambda: not any(name.startswith(prefix) for name, _, _ in self._jobs))

    def _queued(self) -> int:
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
