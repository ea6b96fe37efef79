"""The cache: answers in a folder, asked for once."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from importlib.metadata import version

import pandas as pd
import platformdirs
import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow import fs

from tickframe.cache.checksum import InvalidEntryError
from tickframe.cache.dataset import open_dataset
from tickframe.cache.entry import Provenance, describe, read_answer, read_window, write_answer
from tickframe.cache.key import Key
from tickframe.cache.locks import shared_state
from tickframe.cache.maintenance import CacheInfo, Size, Verification, clear, entries, evict, info, verify
from tickframe.http.cancellation import Cancellation
from tickframe.location import Folder
from tickframe.wire.reader import Response

# Seconds for which a place that failed is left alone: each try can take an object store's client many.
_REST = 60.0

# What TICKFRAME_CACHE can be besides a place.
_SWITCHES = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}

_logger = logging.getLogger("tickframe.cache")


def default_folder() -> str:
    """Return the folder that the operating system has for the caches of a user's programs."""
    return str(platformdirs.user_cache_path("tickframe", appauthor=False))


class Cache:
    """Answers of the service in a folder, one Parquet file each. Safe to share between threads and processes.

    Parameters
    ----------
    place
        A local folder, or a URI that ``pyarrow.fs`` knows, such as ``s3://bucket/ticks``; left out,
        the user's cache folder of the operating system.
    max_bytes
        How large it may grow: beyond that the entries that were not used for the longest time go.
        Left out, there is no limit. In an object store, which does not note when something is read,
        those that were written first go first.
    filesystem
        What holds the folder, for places whose settings do not fit into a URI; ``place`` is then a
        path in it.

    Raises
    ------
    ValueError
        If no file system knows the URI, or ``max_bytes`` is not positive.

    Examples
    --------
    >>> client = tf.Client(cache=tf.Cache("ticks-cache", max_bytes=50 * 10**9))  # doctest: +SKIP
    """

    def __init__(
        self,
        place: str | os.PathLike[str] | None = None,
        *,
        max_bytes: int | None = None,
        filesystem: fs.FileSystem | None = None,
    ) -> None:
        if max_bytes is not None and max_bytes < 1:
            raise ValueError(f"max_bytes {max_bytes!r} leaves no room: give bytes, or None for no limit")
        self._folder = Folder(default_folder() if place is None else place, filesystem)
        self._size = None if max_bytes is None else Size(max_bytes)
        self._shared = shared_state(self._folder)
        self._failure = ""
        self._has_warned = False
        self._rests_until = 0.0

    def __repr__(self) -> str:
        """Say where the cache is, without looking into it."""
        return f"<Cache at {self._folder}>"

    @property
    def place(self) -> str:
        """Where the cache is; no secret of a URI is in it."""
        return str(self._folder)

    # What a query does.

    def lock(self, key: Key, cancellation: Cancellation) -> AbstractContextManager[None]:
        """Lock a key, so that only one thread of this process fetches it."""
        return self._shared.locks.hold(key.name, cancellation)

    def read(self, key: Key, times: str | None = None) -> Response | None:
        """Return the answer that the cache holds; None where it holds none.

        Parameters
        ----------
        key
            What is asked for.
        times
            The column of times by which a wider window answers a narrower one, where the function
            allows it.
        """
        self._shared.writer.wait(key.name)
        if self._rests() and not self._folder.is_local:
            return None
        answer = self._read_exactly(key)
        if answer is not None or times is None or str(key.window) == "day":
            return answer
        return self._read_from_wider(key, times)

    def holds(self, key: Key, times: str | None = None) -> bool:
        """Say whether the cache holds an answer or a wider one, by the entries' footers alone."""
        if self.provenance(key) is not None:
            return True
        provenances = map(self.provenance, self._wider(key)) if times is not None else ()
        return any(provenance is not None and provenance.is_unremarked for provenance in provenances)

    def provenance(self, key: Key) -> Provenance | None:
        """Return where the entry of exactly this request comes from; None where there is none."""
        self._shared.writer.wait(key.name)
        with self._usable(key.name), self._folder.open(key.name) as file:
            return describe(file)[0]
        return None

    def write(self, key: Key, answer: Response, request: Mapping[str, str], *, for_narrower: bool = False) -> None:
        """Write an entry behind the caller. What cannot be written is said once, see :meth:`remark`.

        Parameters
        ----------
        key
            What the answer answers.
        answer
            The answer. Nobody may change its memory until it is written.
        request
            What was asked, in words.
        for_narrower
            Whether the answer takes the place of the entries for narrower windows too.
        """
        if self._rests():
            return
        fetched = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        try:
            # What is wrong with the folder shows while the caller is there to hear it.
            self._folder.prepare(key.name)
            if for_narrower:
                self._shared.writer.wait(key.folder)
                for narrower in key.narrower(self._names(key.folder)):
                    self._folder.delete(narrower.name)
        except (OSError, pa.ArrowException) as error:
            self._fail(error)
            return

        def write() -> None:
            if self._rests():
                # The interpreter's exit waits for all of these, and each could wait for a place that does not answer.
                return
            try:
                self._write(key, answer, request, fetched)
            except Exception as error:  # noqa: BLE001, a file system of the user's may raise anything
                self._fail(error)

        self._shared.writer.put(key.name, write, sum(batch.nbytes for batch in answer.batches))

    def portable_location(self) -> str:
        """Return the location as other processes open it; raises what the location does."""
        return self._folder.portable_place()

    @property
    def max_bytes(self) -> int | None:
        """The size limit; None for none."""
        return None if self._size is None else self._size.maximum

    def pending_warning(self) -> str:
        """Return the warning."""
        return self.remark()

    def remark(self) -> str:
        """Say, once for this cache, that it cannot be used; empty where there is nothing to say."""
        if not self._failure or self._has_warned:
            return ""
        self._has_warned = True
        return f"the cache at {self._folder} failed, so what is fetched may not be kept: {self._failure}"

    def flush(self) -> None:
        """Wait until everything fetched so far is written."""
        self._shared.writer.wait()

    # What a person does.

    def info(self) -> CacheInfo:
        """Return how much the cache holds, by the names and sizes of its files alone.

        Raises
        ------
        OSError
            If the folder cannot be listed.
        """
        self.flush()
        return info(self._folder, self._size.maximum if self._size is not None else None)

    def entries(self) -> pd.DataFrame:
        """Return a row for each entry, by the names and sizes of the files alone.

        Returns
        -------
        pandas.DataFrame
            ``source``, ``function``, ``symbol`` (None where an entry has several), ``date`` (None
            where it has no one day), ``window``, ``bytes`` on disk, ``used`` (when it was last read
            or written, UTC), ``name`` (of the file).

        Raises
        ------
        OSError
            If the folder cannot be listed.
        """
        self.flush()
        return entries(self._folder)

    def verify(self) -> Verification:
        """Read every entry whole, and drop those that are not what was written.

        Raises
        ------
        OSError
            If the folder cannot be listed, or an entry not be dropped.
        """
        self.flush()
        return verify(self._folder)

    def clear(
        self,
        *,
        source: str | None = None,
        function: str | None = None,
        symbol: str | None = None,
        first_day: str | dt.date | None = None,
        last_day: str | dt.date | None = None,
    ) -> int:
        """Drop entries; without arguments all of them.

        Parameters
        ----------
        source, function, symbol
            Only those of this source, function or symbol; an entry of several symbols is of none.
        first_day, last_day
            Only those of these days, both included; an entry of several days is of none.

        Returns
        -------
        int
            How many entries were dropped.

        Raises
        ------
        OSError
            If the folder cannot be listed, or an entry not be dropped.
        """
        self.flush()
        return clear(
            self._folder, source=source, function=function, symbol=symbol, first_day=first_day, last_day=last_day
        )

    def dataset(self, function: str = "tick_data", **parameters: object) -> ds.Dataset:
        """Return what the cache holds of a function as one dataset that reads no file before it must.

        DuckDB and Polars query it as it is, and read the files of the symbols and days that they
        filter for and no others. An entry whose rows are all in another one is left out.

        Parameters
        ----------
        function
            The documented function.
        **parameters
            What the entries were asked with, such as ``data_type="TRADES"``, where the cache holds
            more than one kind; None where it was not given.

        Returns
        -------
        pyarrow.dataset.Dataset
            The function's columns, in the order of the parts' days and symbols.

        Raises
        ------
        ValueError
            If the entries are of several kinds, whose rows do not belong into one table, or two
            windows of one day overlap in part, or there is no entry.
        OSError
            If the folder cannot be listed.
        """
        self.flush()
        return open_dataset(self._folder, function, parameters)

    def _write(self, key: Key, answer: Response, request: Mapping[str, str], fetched: str) -> None:
        # Where it is not kept, what is there goes too: it is older than what the user has.
        try:
            entry = write_answer(answer, key, request, fetched, version("tickframe"))
            if self._size is not None:
                self._size.check(entry.size)
        except ValueError as error:
            _logger.info("%s is not cached: %s", key.name, error)
            self._folder.delete(key.name)
            return
        self._folder.write(key.name, entry)
        if self._size is not None and self._size.grow(entry.size):
            self._size.reset(evict(self._folder, self._size.maximum))

    def _read_exactly(self, key: Key) -> Response | None:
        with self._usable(key.name):
            answer = read_answer(self._folder.read(key.name), key)
            self._touch(key.name)
            return answer
        return None

    def _read_from_wider(self, key: Key, times: str) -> Response | None:
        for wider in self._wider(key):
            with self._usable(wider.name), self._folder.open(wider.name) as file:
                answer = read_window(file, wider, times, key.window)
                if answer is not None:
                    self._touch(wider.name)
                    return answer
        return None

    def _wider(self, key: Key) -> Iterator[Key]:
        self._shared.writer.wait(key.folder)
        try:
            names = self._names(key.folder)
        except (OSError, pa.ArrowException):
            names = []
        return key.wider(names)

    def _names(self, folder: str) -> list[str]:
        return [name for name, _ in self._folder.files(folder, recursive=False)]

    @contextlib.contextmanager
    def _usable(self, name: str) -> Iterator[None]:
        """Take an entry that is absent or unreadable for a miss; a damaged one is logged and dropped."""
        try:
            yield
        except FileNotFoundError:
            pass
        except InvalidEntryError as error:
            _logger.warning("the entry %s is not used, and fetched again: %s", name, error)
            with contextlib.suppress(OSError, pa.ArrowException):
                self._folder.delete(name)
        except (OSError, pa.ArrowException) as error:
            self._fail(error)

    def _touch(self, name: str) -> None:
        """Note that an entry was used, where there is a limit by which it might go."""
        if self._size is not None and self._folder.is_local:
            with contextlib.suppress(OSError):
                os.utime(self._folder.path(name))

    def _rests(self) -> bool:
        return time.monotonic() < self._rests_until

    def _fail(self, error: Exception) -> None:
        _logger.info("the cache at %s failed", self._folder, exc_info=error)
        self._rests_until = time.monotonic() + _REST
        self._failure = self._failure or str(error) or type(error).__name__


def open_cache(cache: bool | str | os.PathLike[str] | Cache | None) -> Cache | None:
    """Return the cache that a setting names, None for none.

    Parameters
    ----------
    cache
        True for the default folder, a place, a cache, or False for none; None leaves it to
        ``TICKFRAME_CACHE``, where ``1`` is the default folder.
    """
    if isinstance(cache, Cache):
        return cache
    if cache is None:
        cache = os.environ.get("TICKFRAME_CACHE", "").strip() or False
    if cache == "":
        raise ValueError("cache is an empty text: give a place, True or False")
    if isinstance(cache, str) and cache.lower() in _SWITCHES:
        cache = _SWITCHES[cache.lower()]
    if isinstance(cache, bool):
        return Cache() if cache else None
    return Cache(cache)
