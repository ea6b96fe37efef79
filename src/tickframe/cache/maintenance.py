"""Maintenance of a cache: list, verify, clear and evict its entries. Files that are not entries are left alone."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import fs

from tickframe.cache.checksum import InvalidEntryError
from tickframe.cache.entry import Entry
from tickframe.cache.folder import MARKER, SHARED_STATE, CacheFolder
from tickframe.cache.key import Key, folder_name, key_from_name
from tickframe.cache.process_locks import ProcessLocks
from tickframe.cache.provenance import OtherFormatError
from tickframe.location import finished_name
from tickframe.plan.arguments import parse_day

# Share of the limit that eviction leaves, so that it does not have to run again for the next entry.
_SHARE_LEFT = 0.9
# Share of the limit that one process writes before it lists a cache whose size is not shared.
_SHARE_UNSEEN = 0.05
# In the folder of what processes share.
_SIZE_LOCK = "size"
_SIZE_FILE = "size.txt"
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
    """The size limit of a cache (None: no limit), which is kept before an entry is written.

    On a local disk processes share its size, in a file under a lock. Elsewhere each lists the cache again after it has
    written a small share of the limit. It has no lock of this process, which a fork could leave locked forever: only
    the thread that writes the entries calls its methods.
    """

    def __init__(self, max_bytes: int | None) -> None:
        self.max_bytes = max_bytes
        # The size at the last listing by this process, and what it has written since.
        self._listed: int | None = None
        self._added = 0

    def check(self, size: int) -> None:
        """Check that an entry fits into the cache at all.

        Raises
        ------
        ValueError
            If it is larger than the limit.
        """
        if self.max_bytes is not None and size > self.max_bytes:
            raise ValueError(f"its {size:,} bytes exceed max_bytes {self.max_bytes:,}")

    @contextlib.contextmanager
    def room(self, location: CacheFolder, locks: ProcessLocks, size: int) -> Iterator[None]:
        """Evict entries until there is room for another one, which the body writes."""
        if self.max_bytes is None:
            yield
            return
        with locks.hold(_SIZE_LOCK) as is_shared:
            total = self._total(location, size, is_shared=is_shared)
            if total is None or total + size > self.max_bytes:
                total = _evict(location, self.max_bytes, size)
                self._listed, self._added = total, 0
            self._added += size
            if is_shared:
                _write_total(location, total + size)
            yield

    def _total(self, location: CacheFolder, size: int, *, is_shared: bool) -> int | None:
        """Return the size of the cache as far as it is known; None if it has to be listed."""
        if self._listed is None or self.max_bytes is None:
            # Processes without a limit have written entries too.
            return None
        if is_shared:
            return _read_total(location)
        return None if self._added + size > self.max_bytes * _SHARE_UNSEEN else self._listed + self._added


def info(location: CacheFolder, max_bytes: int | None) -> CacheInfo:
    """Return the size of a cache."""
    found = entries(location)
    return CacheInfo(
        place=str(location),
        entries=len(found),
        bytes=int(found["bytes"].sum()),
        max_bytes=max_bytes,
        functions={str(name): count for name, count in found["function"].value_counts().items()},
    )


def entries(location: CacheFolder) -> pd.DataFrame:
    """Return a row for each entry, see :meth:`tickframe.Cache.entries`."""
    labels = ["source", "function", "symbol"]
    rows = [
        (*map(key.labels.get, labels), key.date, str(key.window), file.size, file.mtime, key.name)
        for key, file in entry_files(location)
    ]
    frame = pd.DataFrame(rows, columns=[*labels, "date", "window", "bytes", "used", "name"])
    return frame.sort_values("name", ignore_index=True).astype({"bytes": "int64", "used": "datetime64[ns, UTC]"})


def check_is_cache(location: CacheFolder) -> None:
    """Check that a folder is a cache, before anything in it is deleted.

    Raises
    ------
    ValueError
        If it is not marked as one and holds other files.
    OSError
        If it cannot be listed.
    """
    if location.is_marked():
        return
    foreign = next((name for name, _ in location.files() if not _is_own(name)), None)
    if foreign is not None:
        raise ValueError(
            f"{location} is not a cache: it has no file {MARKER}, and holds other files, such as {foreign}. Nothing "
            "was deleted; check the location, or delete the entries yourself"
        )


def verify(location: CacheFolder) -> Verification:
    """Read all entries, delete the invalid ones and what interrupted processes have left of others."""
    check_is_cache(location)
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
    location: CacheFolder,
    *,
    source: str | None,
    function: str | None,
    symbol: str | None,
    first_day: str | dt.date | None,
    last_day: str | dt.date | None,
) -> int:
    """Delete entries, see :meth:`tickframe.Cache.clear`."""
    check_is_cache(location)
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


def entry_files(location: CacheFolder, folder: str | None = None) -> Iterator[tuple[Key, fs.FileInfo]]:
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


def _evict(location: CacheFolder, max_bytes: int, size: int) -> int:
    """Delete the least recently used entries until another one fits, and return the size of those that are left."""
    found = sorted(entry_files(location), key=lambda entry: entry[1].mtime_ns or 0)
    total = sum(int(file.size) for _, file in found)
    if total + size <= max_bytes:
        return total
    for key, file in found:
        if total + size <= max_bytes * _SHARE_LEFT:
            break
        _delete(location, key)
        total -= int(file.size)
    return total


def _read_total(location: CacheFolder) -> int | None:
    """Return the size of a cache that processes share; None if it is not known."""
    try:
        return int(_total_file(location).read_text())
    except (OSError, ValueError):
        return None


def _write_total(location: CacheFolder, total: int) -> None:
    # Unknown, if this is interrupted: the next process lists the entries.
    with contextlib.suppress(OSError):
        _total_file(location).write_text(str(total))


def _total_file(location: CacheFolder) -> Path:
    if location.shared_state is None:
        raise FileNotFoundError("this location has no state that processes share")
    return location.shared_state / _SIZE_FILE


def _delete(location: CacheFolder, key: Key) -> None:
    location.delete(key.name)
    location.delete_empty_parents(key.name)


def _is_own(name: str) -> bool:
    """Return whether a file is an entry, what was to become one, or of the processes that share the cache."""
    return name.startswith(f"{SHARED_STATE}/") or key_from_name(finished_name(name) or name) is not None


def _is_abandoned(name: str, file: fs.FileInfo) -> bool:
    """Return whether a file was left by a process that was interrupted while it wrote an entry."""
    finished = finished_name(name)
    if finished is None or key_from_name(finished) is None or file.mtime is None:
        return False
    return bool(time.time() - file.mtime.timestamp() > _ABANDONED)
