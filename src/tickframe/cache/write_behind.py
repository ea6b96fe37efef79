"""Write-behind: a queue of jobs, done in order on a thread that lives only while there are jobs."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tickframe.process import OwningProcess
from tickframe.threads import Signal, start_thread

# Queued data stays in memory. At this size, callers that add more are blocked.
_MAXIMUM_QUEUED = 128 * 1024 * 1024
# Seconds after which a waiting thread looks whether another one works.
_CHECK_INTERVAL = 0.1


@dataclass(frozen=True, slots=True)
class _Job:
    name: str
    call: Callable[[], None]
    size: int
    done: Signal = field(default_factory=Signal)


class WriteBehind:
    """A queue of named jobs, done in order on another thread. Safe to use from many threads and after a fork.

    A thread works while it holds a lock, so that nothing says that one works when it does not: not even after an
    interrupt in the thread that queued the job.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._process = OwningProcess()
        # A job stays in the queue until it is done, so that wait() includes it.
        self._jobs: deque[_Job] = deque()
        self._working = threading.Lock()

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
        while (queued := tuple(self._jobs)) and sum(each.size for each in queued) + size > _MAXIMUM_QUEUED:
            self._wait_for(queued[:1])
        self._jobs.append(_Job(name, job, size))
        self._work_in_thread()

    def wait(self, prefix: str = "") -> None:
        """Wait until all jobs are done whose names start with a prefix."""
        self._reset_after_fork()
        self._wait_for([job for job in tuple(self._jobs) if job.name.startswith(prefix)])

    def _wait_for(self, jobs: Iterable[_Job]) -> None:
        for job in jobs:
            while not job.done.wait(_CHECK_INTERVAL):
                # The thread that queued it may have been interrupted before it started one that works.
                self._work_in_thread()
                if sys.is_finalizing():
                    break

    def _work_in_thread(self) -> None:
        if not self._jobs or self._working.locked():
            return
        try:
            # The interpreter waits for a thread that is not a daemon, so nothing is lost at exit.
            start_thread(threading.Thread(target=self._work, name="tickframe-cache", daemon=False))
        except RuntimeError:
            # No thread can be started while the interpreter exits.
            self._work()

    def _work(self) -> None:
        # Another thread may have queued a job after this one saw the queue empty, and seen that this one works.
        while self._jobs:
            with self._working:
                while self._jobs:
                    self._do(self._jobs[0])

    def _do(self, job: _Job) -> None:
        try:
            job.call()
        finally:
            self._jobs.popleft()
            job.done.set()
