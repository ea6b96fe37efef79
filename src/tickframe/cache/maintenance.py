"""Maintenance of a cache: list, verify, clear and evict its entries. Files that are not entries are left alone."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
from pyarrow import fs

from tickframe.cache.checksum import InvalidEntryError
from tickframe.cache.entry import Entry
from tickframe.cache.key import Key, folder_name, key_from_name
from tickframe.cache.provenance import OtherFormatError
from tickframe.location import Location, finished_name
from tickframe.plan.arguments import parse_day

# Share of the limit that eviction leaves, so that it does not have to run again for the next entry.
_SHARE_LEFT = 0.9
# Seconds after which an unfinished file was left behind by an interrupted process.
_ABANDONED = 3600.0


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """Size of a cache.

    Attributes
    ----------
    place : str
        Location of the cache.
    entries : int
        Number of cached responses.
    bytes : int
        Their size on disk.
    max_bytes : int or None
        Size limit.
    functions : Mapping[str, int]
        Number of cached responses of each function.
    """

    place: str
    entries: int
    bytes: int
    max_bytes: int | None
    functions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of verifying a cache.

    Attributes
    ----------
    entries : int
        Number of valid entries.
    dropped : tuple of str
        Names of the invalid entries, which were deleted, each with the reason.
    """

    entries: int
    dropped: tuple[str, ...]


class SizeLimit:
    """The size limit of a cache (None: no limit), and its size as far as this process knows.

    It has no lock, which a fork could leave locked forever: only the thread that writes the entries
    calls its methods.
    """

    def __init__(self, max_bytes: int | None) -> None:
        self.max_bytes = max_bytes
        self._bytes: int | None = None

    def check(self, size: int) -> None:
        """Check that an entry fits into the cache at all.

        Raises
        ------
        ValueError
            If it is larger than the limit.
        """
        if self.max_bytes is not None and size > self.max_bytes:
            raise ValueError(f"its {size:,} bytes exceed max_bytes {self.max_bytes:,}")

    def added(self, location: Location, size: int) -> None:
        """Count an entry that was written, and evict others if the cache has grown too large."""
        if self.max_bytes is None:
            return
        if self._bytes is None or self._bytes + size > self.max_bytes:
            self._bytes = _evict(location, self.max_bytes)
        else:
            self._bytes += size


def info(location: Location, max_bytes: int | None) -> CacheInfo:
    """Return the size of a cache."""
    found = entries(location)
    return CacheInfo(
        place=str(location),
        entries=len(found),
        bytes=int(found["bytes"].sum()),
        max_bytes=max_bytes,
        functions={str(name): count for name, count in found["function"].value_counts().items()},
    )


def entries(location: Location) -> pd.DataFrame:
    """Return a row for each entry, see :meth:`tickframe.Cache.entries`."""
    labels = ["source", "function", "symbol"]
    rows = [
        (*map(key.labels.get, labels), key.date, str(key.window), file.size, file.mtime, key.name)
        for key, file in entry_files(location)
    ]
    frame = pd.DataFrame(rows, columns=[*labels, "date", "window", "bytes", "used", "name"])
    return frame.sort_values("name", ignore_index=True).astype({"bytes": "int64", "used": "datetime64[ns, UTC]"})


def verify(location: Location) -> Verification:
    """Read all entries, delete the invalid ones and what interrupted processes have left of others."""
    valid, dropped = 0, []
    for name, file in location.files():
        key = key_from_name(name)
        if key is None:
            if _is_abandoned(name, file):
                location.delete(name)
            continue
        try:
            Entry(pa.BufferReader(location.read(name)), key).read()
        except (FileNotFoundError, OtherFormatError):
            continue
        except InvalidEntryError as error:
            location.delete(name)
            dropped.append(f"{name}: {error}")
        else:
            valid += 1
    return Verification(valid, tuple(dropped))


def clear(
    location: Location,
    *,
    source: str | None,
    function: str | None,
    symbol: str | None,
    first_day: str | dt.date | None,
    last_day: str | dt.date | None,
) -> int:
    """Delete entries, see :meth:`tickframe.Cache.clear`."""
    wanted = {
        f"{label}={folder_name(value, keep_lowercase=label == 'function')}"
        for label, value in (("source", source), ("function", function), ("symbol", symbol))
        if value is not None
    }
    first = dt.date.min if first_day is None else parse_day(first_day)
    last = dt.date.max if last_day is None else parse_day(last_day)
    any_day = first_day is None and last_day is None
    chosen = [
        key
        for key, _ in entry_files(location)
        if wanted.issubset(key.folder.split("/")) and (any_day or (key.date is not None and first <= key.date <= last))
    ]
    for key in chosen:
        _delete(location, key)
    return len(chosen)


def entry_files(location: Location, folder: str | None = None) -> Iterator[tuple[Key, fs.FileInfo]]:
    """Return the entries at a location and their files. Default: those in all folders.

    Raises
    ------
    OSError
        If the location cannot be listed.
    """
    for name, file in location.files(folder or "", recursive=folder is None):
        key = key_from_name(name)
        if key is not None:
            yield key, file


def _evict(location: Location, max_bytes: int) -> int:
    """Delete the least recently used entries if all exceed a limit, and return the size of the others."""
    found = sorted(entry_files(location), key=lambda entry: entry[1].mtime_ns or 0)
    size = sum(int(file.size) for _, file in found)
    if size <= max_bytes:
        return size
    for key, file in found:
        if size <= max_bytes * _SHARE_LEFT:
            break
        _delete(location, key)
        size -= int(file.size)
    return size


def _delete(location: Location, key: Key) -> None:
    location.delete(key.name)
    location.delete_empty_parents(key.name)


def _is_abandoned(name: str, file: fs.FileInfo) -> bool:
    """Return whether a file was left by a process that was interrupted while it wrote an entry."""
    finished = finished_name(name)
    if finished is None or key_from_name(finished) is None or file.mtime is None:
        return False
    return bool(time.time() - file.mtime.timestamp() > _ABANDONED)
