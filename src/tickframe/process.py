"""Which process an object belongs to: after ``fork()`` the child holds a copy of its parent's objects."""

from __future__ import annotations

import os


class OwningProcess:
    """The process that created this object. Threads, locks and sockets of its parent are useless to a child."""

    def __init__(self) -> None:
        self._id = os.getpid()

    def is_current(self) -> bool:
        """Return whether this is still the process that created the object."""
        return self._id == os.getpid()
