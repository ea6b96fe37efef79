"""Locks that threads of this process share by name."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from tickframe.cache.write_behind import WriteBehind
from tickframe.http.cancellation import Cancellation
from tickframe.location import Location
from tickframe.process import OwningProcess

# Seconds between two checks whether the run of a waiting thread has ended.
_CHECK_INTERVAL = 0.1


class NamedLocks:
    """A lock for each name, discarded when no thread holds it or waits for it. A forked child starts without locks."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._process = OwningProcess()
        self._guard = threading.Lock()
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()

    @contextlib.contextmanager
    def hold(self, name: str, cancellation: Cancellation) -> Iterator[None]:
        """Hold the lock of a name in the body.

        Raises
        ------
        Cancelled
            If the run ends while it waits for the lock.
        """
        if not self._process.is_current():
            # The locks may be held by threads of the parent, which do not exist here.
            self._reset()
        with self._guard:
            lock = self._locks.get(name)
            if lock is None:
                lock = self._locks[name] = threading.Lock()
        while not lock.acquire(timeout=_CHECK_INTERVAL):
            cancellation.check()
        try:
            yield
        finally:
            lock.release()


@dataclass
class SharedState:
    """What all caches at one location share within this process."""

    writer: WriteBehind = field(default_factory=WriteBehind)
    locks: NamedLocks = field(default_factory=NamedLocks)


_SHARED: WeakValueDictionary[tuple[str, str], SharedState] = WeakValueDictionary()


def shared_state(location: Location) -> SharedState:
    """Return the state that caches at a location share; it is discarded with the last of them."""
    return _SHARED.setdefault((location.filesystem.type_name, location.root), SharedState())
