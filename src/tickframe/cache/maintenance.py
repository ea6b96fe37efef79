"""What is in a cache, whether it is what was written, and what goes when it grows too large."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
from pyarrow import fs

from tickframe.cache.checksum import InvalidEntryError
from tickframe.cache.entry import OtherFormatError, read_answer
from tickframe.cache.key import Key, folder_name, key_from_name
from tickframe.location import Folder, finished_name
from tickframe.plan.arguments import parse_day

_COLUMNS = ("source", "function", "symbol", "date", "window", "bytes", "used", "name")
# How full a cache is left that had grown too large: one entry more must not have it listed again.
_LEFT = 0.9
# Seconds after which an unfinished file is one of a process that was ended.
_ABANDONED = 3600.0


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """How much a cache holds.

    Attributes
    ----------
    place : str
        Where it is.
    entries : int
        How many answers.
    bytes : int
        Their size on disk.
    max_bytes : int or None
        How large it may grow.
    functions : Mapping[str, int]
        How many answers of each function.
    """

    place: str
    entries: int
    bytes: int
    max_bytes: int | None
    functions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of the entries that were read.

    Attributes
    ----------
    entries : int
        How many are what was written.
    dropped : tuple of str
        The names of those that were not, and why.
    """

    entries: int
    dropped: tuple[str, ...]


class Size:
    """How large a cache with a limit is, as far as this process knows.

    It has no lock: only what writes the entries uses it, one after another, and a fork may find a
    lock held for ever.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self._bytes: int | None = None

    def check(self, size: int) -> None:
        """Refuse an entry for which all others would go, and then it too.

        Raises
        ------
        ValueError
            If it is larger than the cache may be.
        """
        if size > self.maximum:
            raise ValueError(f"its {size:,} bytes are more than max_bytes, {self.maximum:,}")

    def grow(self, size: int) -> bool:
        """Take in that an entry was written; say whether it is time to look what must go."""
        if self._bytes is None:
            return True
        self._bytes += size
        return self._bytes > self.maximum

    def reset(self, size: int) -> None:
        """Take in how large the cache is."""
        self._bytes = size


def info(folder: Folder, max_bytes: int | None) -> CacheInfo:
    """Return how much a folder holds."""
    found = entries(folder)
    return CacheInfo(
        place=str(folder),
        entries=len(found),
        bytes=int(found["bytes"].sum()),
        max_bytes=max_bytes,
        functions={str(name): count for name, count in found["function"].value_counts().items()},
    )


def entries(folder: Folder) -> pd.DataFrame:
    """Return a row for each entry, see :meth:`tickframe.Cache.entries`."""
    rows = [_described(key, file) for key, file in entry_files(folder)]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS)).sort_values("name", ignore_index=True)
    return frame.astype({"bytes": "int64", "used": "datetime64[ns, UTC]"})


def verify(folder: Folder) -> Verification:
    """Read every entry, drop the damaged ones, and what processes that were ended left half written."""
    good, dropped = 0, []
    for name, file in folder.files():
        key = key_from_name(name)
        if key is None:
            if _is_abandoned(name, file):
                folder.delete(name)
            continue
        try:
            read_answer(folder.read(name), key)
        except (FileNotFoundError, OtherFormatError):
            continue
        except InvalidEntryError as error:
            folder.delete(name)
            dropped.append(f"{name}: {error}")
        else:
            good += 1
    return Verification(good, tuple(dropped))


def clear(
    folder: Folder,
    *,
    source: str | None,
    function: str | None,
    symbol: str | None,
    first_day: str | dt.date | None,
    last_day: str | dt.date | None,
) -> int:
    """Drop entries, see :meth:`tickframe.Cache.clear`."""
    wanted = {
        f"{label}={folder_name(value, keep_lowercase=label == 'function')}"
        for label, value in (("source", source), ("function", function), ("symbol", symbol))
        if value is not None
    }
    first = None if first_day is None else parse_day(first_day)
    last = None if last_day is None else parse_day(last_day)
    dropped = 0
    for key, _ in entry_files(folder):
        if not wanted.issubset(key.folder.split("/")):
            continue
        if first is not None or last is not None:
            date = key.date
            if date is None or (first and date < first) or (last and date > last):
                continue
        _drop(folder, key.name)
        dropped += 1
    return dropped


def evict(folder: Folder, max_bytes: int) -> int:
    """Drop the entries that were not used for the longest time, until the rest is below a limit; return its size."""
    found = sorted(entry_files(folder), key=lambda entry: entry[1].mtime_ns or 0)
    size = sum(int(file.size) for _, file in found)
    if size <= max_bytes:
        return size
    for key, file in found:
        if size <= max_bytes * _LEFT:
            break
        _drop(folder, key.name)
        size -= int(file.size)
    return size


def entry_files(folder: Folder) -> Iterator[tuple[Key, fs.FileInfo]]:
    """Return the files of a cache's folder that are entries; all others are left alone."""
    for name, file in folder.files():
        key = key_from_name(name)
        if key is not None:
            yield key, file


def _is_abandoned(name: str, file: fs.FileInfo) -> bool:
    """Whether a file is what an interrupted process left of an entry."""
    finished = finished_name(name)
    if finished is None or key_from_name(finished) is None or file.mtime is None:
        return False
    return bool(time.time() - file.mtime.timestamp() > _ABANDONED)


def _described(key: Key, file: fs.FileInfo) -> dict[str, object]:
    return {
        "source": key.labels["source"],
        "function": key.labels["function"],
        "symbol": key.labels.get("symbol"),
        "date": key.date,
        "window": str(key.window),
        "bytes": file.size,
        "used": file.mtime,
        "name": key.name,
    }


def _drop(folder: Folder, name: str) -> None:
    folder.delete(name)
    folder.delete_empty_folders(name)
