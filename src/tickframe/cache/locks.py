"""Locks that threads of this process share by name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakValueDictionary

from tickframe.cache.write_behind import WriteBehind
from tickframe.http.cancellation import Cancellation
from tickframe.location import Location
from tickframe.process import OwningProcess

# Seconds between two checks whether the run of a waiting thread has ended.
_CHECK_INTERVAL = 0.1

_Result = TypeVar("_Result")


class NamedLocks:
    """A lock for each name, discarded when no thread holds it or waits for it. A forked child starts without locks."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._process = OwningProcess()
        self._guard = threading.RLock()
        self._locks: WeakValueDictionary[str, threading.RLock] = WeakValueDictionary()

    def call(self, name: str, cancellation: Cancellation, function: Callable[[], _Result]) -> _Result:
        """Call a function while holding the lock of a name, and return its result.

        Not a context manager, because an interrupt between its methods and the body would leave the lock held.

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
                lock = self._locks[name] = threading.RLock()
        try:
            while not lock.acquire(timeout=_CHECK_INTERVAL):
                cancellation.check()
            return function()
        finally:
            # An interrupt may arrive before or right after the lock is acquired: the lock itself knows its thread. It
            # is released by the first call here, since another one could be interrupted.
            try:  # noqa: SIM105
                lock.release()
            except RuntimeError:
                pass


@dataclass
class SharedState:
    """What all caches at one location share within this process."""

    writer: WriteBehind = field(default_factory=WriteBehind)
    locks: NamedLocks = field(default_factory=NamedLocks)


_SHARED: WeakValueDictionary[tuple[str, str], SharedState] = WeakValueDictionary()


def shared_state(location: Location) -> SharedState:
    """Return the state that caches at a location share; it is discarded with the last of them."""
    return _SHARED.setdefault((location.filesystem.type_name, location.root), SharedState())
