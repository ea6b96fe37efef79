"""What all caches of a process at one place share."""

from __future__ import annotations

from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from tickframe.cache.turns import Turns
from tickframe.cache.write_behind import WriteBehind
from tickframe.folder import Folder

__all__ = ["Shared", "shared"]


@dataclass
class Shared:
    """The writing and the turns of one place."""

    writing: WriteBehind = field(default_factory=WriteBehind)
    turns: Turns = field(default_factory=Turns)


_SHARED: WeakValueDictionary[tuple[str, str], Shared] = WeakValueDictionary()


def shared(folder: Folder) -> Shared:
    """Return what the caches at a place share; it goes with the last of them."""
    return _SHARED.setdefault((folder.filesystem.type_name, folder.root), Shared())
