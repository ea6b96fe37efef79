"""The cache: responses of the service at a location, so that each is fetched once."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version

import pandas as pd
import platformdirs
import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow import fs

from tickframe.cache.checksum import InvalidEntryError
from tickframe.cache.dataset import open_dataset
from tickframe.cache.entry import Entry, Provenance, write_entry
from tickframe.cache.key import Key, Window
from tickframe.cache.locks import shared_state
from tickframe.cache.maintenance import CacheInfo, SizeLimit, Verification, clear, entries, entry_files, info, verify
from tickframe.cache.policy import can_be_cut
from tickframe.http.cancellation import Cancellation
from tickframe.location import Location
from tickframe.timestamps import Times
from tickframe.wire.reader import Response

# Seconds without access after a failure: with an object store, each attempt can take many.
_PAUSE = 60.0

# Values of TICKFRAME_CACHE that are not locations.
_SWITCHES = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}

_logger = logging.getLogger("tickframe.cache")


def default_folder() -> str:
    """Return the user's cache folder for this package, as the operating system defines it."""
    return str(platformdirs.user_cache_path("tickframe", appauthor=False))


class Cache:
    """A cache of the service's responses, one Parquet file each. Safe to share between threads and processes.

    Parameters
    ----------
    place
        A local folder, or a URI for ``pyarrow.fs`` such as ``s3://bucket/ticks``. Default: the user's
        cache folder of the operating system.
    max_bytes
        Size limit in bytes. When it is exceeded, the least recently used entries are deleted; in an
        object store, which does not record reads, those written first. Default: no limit.
    filesystem
        File system of ``place``, which is then a path in it. Use it for settings that do not fit into
        a URI.

    Raises
    ------
    ValueError
        If the URI is not supported, or ``max_bytes`` is not positive.

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
            raise ValueError(f"invalid max_bytes {max_bytes!r}: expected a positive number of bytes, or None")
        self._location = Location(default_folder() if place is None else place, filesystem)
        self._limit = SizeLimit(max_bytes)
        self._shared = shared_state(self._location)
        self._has_failed = False
        self._warning = ""
        self._paused_until = 0.0

    def __repr__(self) -> str:
        return f"<Cache at {self._location}>"

    @property
    def place(self) -> str:
        """Location of the cache, without secrets of a URI."""
        return str(self._location)

    @property
    def max_bytes(self) -> int | None:
        """Size limit in bytes; None if there is none."""
        return self._limit.max_bytes

    # Listing and maintenance.

    def info(self) -> CacheInfo:
        """Return the size of the cache, from the names and sizes of its files alone.

        Raises
        ------
        OSError
            If the location cannot be listed.
        """
        self.flush()
        return info(self._location, self.max_bytes)

    def entries(self) -> pd.DataFrame:
        """Return a row for each entry, from the names and sizes of the files alone.

        Returns
        -------
        pandas.DataFrame
            ``source``, ``function``, ``symbol`` (None if the entry has several), ``date`` (None if
            the entry has several days), ``window``, ``bytes`` on disk, ``used`` (last read or
            written, UTC), ``name`` (of the file).

        Raises
        ------
        OSError
            If the location cannot be listed.
        """
        self.flush()
        return entries(self._location)

    def verify(self) -> Verification:
        """Read all entries completely, and delete the damaged ones.

        Raises
        ------
        OSError
            If the location cannot be listed, or an entry cannot be deleted.
        """
        self.flush()
        return verify(self._location)

    def clear(
        self,
        *,
        source: str | None = None,
        function: str | None = None,
        symbol: str | None = None,
        first_day: str | dt.date | None = None,
        last_day: str | dt.date | None = None,
    ) -> int:
        """Delete entries; without arguments, all of them. Other files are left alone.

        Parameters
        ----------
        source, function, symbol
            Only entries of this source, function or symbol. An entry of several symbols does not match.
        first_day, last_day
            Only entries of these days, both included. An entry of several days does not match.

        Returns
        -------
        int
            Number of deleted entries.

        Raises
        ------
        OSError
            If the location cannot be listed, or an entry cannot be deleted.
        """
        self.flush()
        return clear(
            self._location, source=source, function=function, symbol=symbol, first_day=first_day, last_day=last_day
        )

    def dataset(self, function: str = "tick_data", *, times: Times = "timestamp", **parameters: object) -> ds.Dataset:
        """Return the cached responses of a function as one dataset. Rows are read lazily.

        DuckDB and Polars query it directly, and read only the files of the symbols and days in their
        filters. An entry whose rows are all in another entry is omitted.

        Parameters
        ----------
        function
            The documented function.
        times
            ``"timestamp"`` replaces date and time by a first column ``timestamp``, ``"documented"`` keeps them, as in
            :meth:`tickframe.Query.to_arrow`.
        **parameters
            Parameters of the requests, such as ``data_type="TRADES"``, if responses of several kinds
            are cached; None selects requests without the parameter.

        Returns
        -------
        pyarrow.dataset.Dataset
            The columns of the function, ordered by day and symbol of the requests.

        Raises
        ------
        ValueError
            If there is no entry, if the entries are of several kinds, if two windows of one day overlap
            without one containing the other, or if an entry of an earlier version has no timestamps.
        OSError
            If the location cannot be listed.
        """
        self.flush()
        return open_dataset(self._location, function, parameters, times=times)

    def flush(self) -> None:
        """Wait until all responses fetched so far are written."""
        self._shared.writer.wait()

    # Used by queries.

    def once(self, key: Key, cancellation: Cancellation, function: Callable[[], Response]) -> Response:
        """Call a function that only one thread of this process calls at once for a key."""
        return self._shared.locks.call(key.name, cancellation, function)

    def read(self, key: Key, window_column: str | None = None) -> Response | None:
        """Return a cached response; None if there is none.

        Parameters
        ----------
        key
            Key of the request.
        window_column
            Column of times by which the response to a wider window can be cut. Default: only the
            response to exactly this request is returned.
        """
        self._shared.writer.wait(key.name)
        if self._is_paused() and not self._location.is_local:
            return None
        with self._errors_as_misses(key):
            response = Entry(pa.BufferReader(self._location.read(key.name)), key).read()
            self._mark_used(key)
            return response
        if window_column is None:
            return None
        for wider in self._wider(key):
            with self._errors_as_misses(wider), self._location.open(wider.name) as file:
                entry = Entry(file, wider)
                if can_be_cut(entry, window_column) and (response := entry.read_window(window_column, key.window)):
                    self._mark_used(wider)
                    return response
        return None

    def holds(self, key: Key, window_column: str | None = None) -> bool:
        """Return whether :meth:`read` would find a response, according to the footers of the entries."""
        if self.provenance(key) is not None:
            return True
        if window_column is None:
            return False
        for wider in self._wider(key):
            with self._errors_as_misses(wider), self._location.open(wider.name) as file:
                if can_be_cut(Entry(file, wider), window_column):
                    return True
        return False

    def provenance(self, key: Key) -> Provenance | None:
        """Return the provenance of the response to exactly this request; None if it is not cached."""
        self._shared.writer.wait(key.name)
        with self._errors_as_misses(key), self._location.open(key.name) as file:
            return Entry(file, key).provenance
        return None

    def write(
        self, key: Key, response: Response, request: Mapping[str, str], *, replace_narrower: bool = False
    ) -> None:
        """Write a response in the background. If it fails, :meth:`pending_warning` returns the reason.

        Parameters
        ----------
        key
            Key of the request.
        response
            The response. Its memory must not change until it is written.
        request
            The request as text, for :class:`~tickframe.cache.entry.Provenance`.
        replace_narrower
            Whether to delete the responses to narrower windows.
        """
        if self._is_paused():
            return
        fetched = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        try:
            # A location that cannot be written fails here, in time for the warning of this query.
            self._location.create_parents(key.name)
            if replace_narrower:
                for other in self._other_windows(key):
                    if key.window.covers(other.window):
                        self._location.delete(other.name)
        except (OSError, pa.ArrowException) as error:
            self._fail(error)
            return
        size = sum(batch.nbytes for batch in response.batches)
        self._shared.writer.put(key.name, lambda: self._write(key, response, request, fetched), size)

    def pending_warning(self) -> str:
        """Return the warning that the cache has failed, once; empty if there is none, or it was returned before."""
        warning, self._warning = self._warning, ""
        return warning

    def portable_location(self) -> str:
        """Return the location as a path or URI that other processes can open.

        Raises
        ------
        ValueError
            If it contains a secret, or its file system exists only in this process.
        """
        return self._location.portable()

    def _write(self, key: Key, response: Response, request: Mapping[str, str], fetched: str) -> None:
        if self._is_paused():
            # The exit of the interpreter waits for all jobs, and each could wait for a location that is down.
            return
        try:
            self._replace(key, response, request, fetched)
        except Exception as error:  # noqa: BLE001, a custom file system may raise anything
            self._fail(error)

    def _replace(self, key: Key, response: Response, request: Mapping[str, str], fetched: str) -> None:
        try:
            entry = write_entry(response, key, request, fetched, version("tickframe"))
            self._limit.check(entry.size)
        except ValueError as error:
            _logger.info("%s is not cached: %s", key.name, error)
            # The entry from before is older than the response that the user has now.
            self._location.delete(key.name)
            return
        self._location.write(key.name, entry)
        self._limit.added(self._location, entry.size)

    def _wider(self, key: Key) -> list[Key]:
        """Return the keys of cached responses to wider windows of the same request."""
        if key.window != Window():
            with contextlib.suppress(OSError, pa.ArrowException):
                return [other for other in self._other_windows(key) if other.window.covers(key.window)]
        return []

    def _other_windows(self, key: Key) -> list[Key]:
        self._shared.writer.wait(key.folder)
        others = entry_files(self._location, key.folder)
        return [other for other, _ in others if key.differs_only_in_window(other)]

    @contextlib.contextmanager
    def _errors_as_misses(self, key: Key) -> Iterator[None]:
        """Suppress errors of reading an entry. A damaged one is logged and deleted."""
        try:
            yield
        except FileNotFoundError:
            pass
        except InvalidEntryError as error:
            _logger.warning("ignored the cache entry %s, which will be fetched again: %s", key.name, error)
            with contextlib.suppress(OSError, pa.ArrowException):
                self._location.delete(key.name)
        except (OSError, pa.ArrowException) as error:
            self._fail(error)

    def _mark_used(self, key: Key) -> None:
        """Record that an entry was read, if there is a limit."""
        if self.max_bytes is not None and self._location.is_local:
            with contextlib.suppress(OSError):
                os.utime(self._location.path(key.name))

    def _is_paused(self) -> bool:
        return time.monotonic() < self._paused_until

    def _fail(self, error: Exception) -> None:
        _logger.info("the cache at %s failed", self._location, exc_info=error)
        self._paused_until = time.monotonic() + _PAUSE
        if not self._has_failed:
            self._has_failed = True
            reason = str(error) or type(error).__name__
            self._warning = f"the cache at {self._location} failed, so responses may not be cached: {reason}"


def open_cache(cache: bool | str | os.PathLike[str] | Cache | None) -> Cache | None:
    """Return the cache of a client, None if it has none.

    Parameters
    ----------
    cache
        A cache, a location, True for the default folder, or False for no cache. None uses
        ``TICKFRAME_CACHE``, where ``1`` is the default folder.

    Raises
    ------
    ValueError
        If it is an empty string, or a URI that is not supported.
    """
    if isinstance(cache, Cache):
        return cache
    if cache is None:
        cache = os.environ.get("TICKFRAME_CACHE", "").strip() or False
    if cache == "":
        raise ValueError("cache is an empty string: expected a path or URI, True or False")
    if isinstance(cache, str):
        cache = _SWITCHES.get(cache.lower(), cache)
    if isinstance(cache, bool):
        return Cache() if cache else None
    return Cache(cache)
