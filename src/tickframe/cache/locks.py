"""One at a time for each name, within this process."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from tickframe.cache.write_behind import WriteBehind
from tickframe.http.cancellation import Cancellation
from tickframe.location import Folder

# Seconds after which one who waits looks whether its run has ended.
_LOOK = 0.1


class Turns:
    """A lock for each name, forgotten when nobody holds it or waits for it. Starts anew after a fork."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._turns: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()

    @contextlib.contextmanager
    def turn(self, name: str, cancellation: Cancellation) -> Iterator[None]:
        """Wait until nobody else in this process has the turn of this name, and have it.

        Raises
        ------
        Cancelled
            If the run ends while it waits.
        """
        if self._process != os.getpid():
            # The holders are threads of the parent.
            self._reset()
        with self._lock:
            lock = self._turns.get(name)
            if lock is None:
                lock = self._turns[name] = threading.Lock()
        while not lock.acquire(timeout=_LOOK):
            cancellation.check()
        try:
            yield
        finally:
            lock.release()


@dataclass
class Shared:
    """The writing and the turns of one place."""

    writing: WriteBehind = field(default_factory=WriteBehind)
    turns: Turns = field(default_factory=Turns)


_SHARED: WeakValueDictionary[tuple[str, str], Shared] = WeakValueDictionary()


def shared(folder: Folder) -> Shared:
    """Return what the caches at a place share; it goes with the last of them."""
    return _SHARED.setdefault((folder.filesystem.type_name, folder.root), Shared())
