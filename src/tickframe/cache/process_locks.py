"""Locks that processes on this machine share through files, so that one of them fetches what several need."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator

from filelock import FileLock, Timeout

from tickframe.cache.folder import CacheFolder

# A fixed number of files, so that none has to be deleted: a lock could be held twice otherwise.
_FILES = 512
# Seconds between two attempts.
_INTERVAL = 0.02
# Seconds after which a lock is not waited for any longer: a process that holds it may be stopped.
LONGEST_WAIT = 60.0


class ProcessLock:
    """A lock that may be held, released when it is deleted, or when the process ends however it does."""

    def __init__(self, lock: FileLock | None = None) -> None:
        self._lock = lock

    @property
    def is_held(self) -> bool:
        """Whether it is held: there may be no lock, or another process keeps it for too long."""
        return self._lock is not None

    def take(self) -> ProcessLock:
        """Return the lock for someone else to release; this object no longer does."""
        taken, self._lock = ProcessLock(self._lock), None
        return taken

    def release(self) -> None:
        """Release it if it is held. Any thread may do so."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def lock_of(name: str) -> str:
    """Return the name of the lock for an entry; some entries share one."""
    return f"{int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], 'big') % _FILES:03x}"


class ProcessLocks:
    """Locks by name, each a file in the shared state of a cache.

    Parameters
    ----------
    location
        The folder of the cache. If it is not on this machine, no lock is ever held.
    """

    def __init__(self, location: CacheFolder) -> None:
        self._location = location

    def acquire(self, name: str, check: Callable[[], None]) -> ProcessLock:
        """Acquire the lock of a name.

        The lock is not guaranteed: if its file cannot be written, or another process holds it for too long, the
        result is not held.

        Parameters
        ----------
        name
            The name.
        check
            Called while it waits; its errors end the wait.
        """
        try:
            folder = self._location.shared_state
            if folder is None:
                return ProcessLock()
            folder.mkdir(parents=True, exist_ok=True)
            # Released by the thread that writes the response.
            lock = FileLock(folder / f"{name}.lock", thread_local=False)
            return ProcessLock(lock if _acquired(lock, check) else None)
        except (OSError, NotImplementedError):
            return ProcessLock()

    @contextlib.contextmanager
    def hold(self, name: str) -> Iterator[bool]:
        """Hold the lock of a name in the body; the value is whether it is held."""
        lock = self.acquire(name, lambda: None)
        try:
            yield lock.is_held
        finally:
            lock.release()


def _acquired(lock: FileLock, check: Callable[[], None]) -> bool:
    deadline = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=0)
            return True
        check()
        time.sleep(_INTERVAL)
    return False
