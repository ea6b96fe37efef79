"""The cache: responses of the service at a location, so that each is fetched once."""

from __future__ import annotations

import contextlib
import copy
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
from tickframe.cache.entry import Entry, write_entry
from tickframe.cache.folder import CacheFolder, SymbolicLinkError
from tickframe.cache.key import Key, Window
from tickframe.cache.locks import shared_state
from tickframe.cache.maintenance import CacheInfo, SizeLimit, Verification, clear, entries, entry_files, info, verify
from tickframe.cache.policy import can_be_cut
from tickframe.cache.process_locks import ProcessLock, ProcessLocks, lock_of
from tickframe.cache.provenance import Provenance
from tickframe.http.cancellation import Cancellation
from tickframe.timestamps import Times
from tickframe.wire.reader import Response

# Seconds without access to a location that does not respond: each attempt can take many.
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
    shared
        Whether accounts of the service share responses: what one account has loaded is then returned to every
        other that can read the location, whatever the service would answer. By default an account gets only
        responses to its own requests.

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
        shared: bool = False,
    ) -> None:
        if max_bytes is not None and max_bytes < 1:
            raise ValueError(f"invalid max_bytes {max_bytes!r}: expected a positive number of bytes, or None")
        self._location = CacheFolder(default_folder() if place is None else place, filesystem)
        self._limit = SizeLimit(max_bytes)
        self._is_shared = shared
        self._account: str | None = "" if shared else None
        self._shared = shared_state(self._location)
        self._process_locks = ProcessLocks(self._location)
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

    @property
    def shared(self) -> bool:
        """Whether accounts of the service share responses."""
        return self._is_shared

    def for_account(self, digest: str) -> Cache:
        """Return the cache for an account, whose :meth:`dataset` has the responses to its own requests only.

        Parameters
        ----------
        digest
            Digest of the account, see :attr:`tickframe.settings.Settings.account_digest`.
        """
        cache = copy.copy(self)
        cache._account = "" if self.shared else digest  # noqa: SLF001, of the same class
        return cache

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
        ValueError
            If the location is not a cache: nothing marks it as one, and it holds other files.
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
        ValueError
            If the location is not a cache: nothing marks it as one, and it holds other files.
        OSError
            If the location cannot be listed, or an entry cannot be deleted.
        """
        self.flush()
        return clear(
            self._location, source=source, function=function, symbol=symbol, first_day=first_day, last_day=last_day
        )

    def dataset(self, function: str = "tick_data", *, times: Times = "timestamp", **parameters: object) -> ds.Dataset:
        """Return the cached responses of a function as one dataset. Rows are read lazily.

        The cache of a client has the responses to its own account, or if it is shared, the shared ones. Any other
        has all of them.

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
            If there is no entry, if the entries are of several kinds or accounts, if two windows of one day overlap
            without one containing the other, or if an entry of an earlier version has no timestamps.
        OSError
            If the location cannot be listed.
        """
        self.flush()
        return open_dataset(self._location, function, parameters, account=self._account, times=times)

    def flush(self) -> None:
        """Wait until all responses fetched so far are written."""
        self._shared.writer.wait()

    # Used by queries.

    def once(self, key: Key, cancellation: Cancellation, function: Callable[[], Response]) -> Response:
        """Call a function that only one thread of this process calls at once for a key."""
        return self._shared.locks.call(key.name, cancellation, function)

    def process_lock(self, key: Key, cancellation: Cancellation) -> ProcessLock:
        """Acquire the lock of a key among the processes on this machine.

        It is not held if the location is not local or fails, or another process keeps it for too long.

        Raises
        ------
        Cancelled
            If the run ends while it waits.
        """
        if not self._location.is_local or self._is_paused():
            return ProcessLock()
        try:
            self._location.mark()
        except OSError:
            # Writing the response will fail too, and say why.
            return ProcessLock()
        return self._process_locks.acquire(lock_of(key.name), cancellation.check)

    def read(
        self, key: Key, accepts: Callable[[Provenance], bool], window_column: str | None = None
    ) -> Response | None:
        """Return a cached response; None if there is none.

        Parameters
        ----------
        key
            Key of the request.
        accepts
            Whether an entry with this provenance may answer.
        window_column
            Column of times by which the response to a wider window can be cut. Default: only the
            response to exactly this request is returned.
        """
        self._shared.writer.wait(key.name)
        if self._is_paused():
            return None
        with self._errors_as_misses(key):
            entry = Entry(pa.BufferReader(self._location.read(key.name)), key)
            if accepts(entry.provenance):
                whole = entry.read()
                self._mark_used(key)
                return whole
        if window_column is None or self._is_paused():
            return None
        for wider in self._wider(key):
            with self._errors_as_misses(wider), self._location.open(wider.name) as file:
                entry = Entry(file, wider)
                if not accepts(entry.provenance) or not can_be_cut(entry, window_column):
                    continue
                if response := entry.read_window(window_column, key.window):
                    self._mark_used(wider)
                    return response
        return None

    def holds(self, key: Key, accepts: Callable[[Provenance], bool], window_column: str | None = None) -> bool:
        """Return whether :meth:`read` would find a response, according to the footers of the entries."""
        if self.provenance(key, accepts) is not None:
            return True
        if window_column is None or self._is_paused():
            return False
        for wider in self._wider(key):
            with self._errors_as_misses(wider), self._location.open(wider.name) as file:
                entry = Entry(file, wider)
                if accepts(entry.provenance) and can_be_cut(entry, window_column):
                    return True
        return False

    def provenance(self, key: Key, accepts: Callable[[Provenance], bool]) -> Provenance | None:
        """Return the provenance of the response to exactly this request; None if it is not cached."""
        self._shared.writer.wait(key.name)
        if self._is_paused():
            return None
        with self._errors_as_misses(key), self._location.open(key.name) as file:
            provenance = Entry(file, key).provenance
            return provenance if accepts(provenance) else None
        return None

    def write(
        self,
        key: Key,
        response: Response,
        request: Mapping[str, str],
        fetched: dt.datetime,
        lock: ProcessLock,
        *,
        replace_narrower: bool = False,
    ) -> None:
        """Write a response in the background. If it fails, :meth:`pending_warning` returns the reason.

        Parameters
        ----------
        key
            Key of the request.
        response
            The response. Its memory must not change until it is written.
        request, fetched
            The request as text and the time of the response, for :class:`~tickframe.cache.provenance.Provenance`.
        lock
            Taken and released once the response is written.
        replace_narrower
            Whether to delete the responses to narrower windows.
        """
        if self._is_paused():
            return
        try:
            # A location that cannot be written fails here, in time for the warning of this query.
            self._location.create_parents(key.name)
            if replace_narrower:
                for other in self._other_windows(key):
                    if key.window.covers(other.window):
                        self._location.delete(other.name)
        except SymbolicLinkError as error:
            _logger.warning("a response is not cached: %s", error)
            return
        except (OSError, pa.ArrowException) as error:
            self._fail(error)
            return
        size = sum(batch.nbytes for batch in response.batches)
        taken = ProcessLock()
        try:
            taken = lock.take()
            self._shared.writer.put(key.name, lambda: self._write(key, response, request, fetched, taken), size)
        except BaseException:
            # A traceback may keep it, and with it the lock.
            taken.release()
            raise

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

    def _write(
        self, key: Key, response: Response, request: Mapping[str, str], fetched: dt.datetime, lock: ProcessLock
    ) -> None:
        try:
            # The exit of the interpreter waits for all jobs, and each could wait for a location that is down.
            if not self._is_paused():
                self._replace(key, response, request, fetched)
        except Exception as error:  # noqa: BLE001, a custom file system may raise anything
            self._fail(error)
        finally:
            lock.release()

    def _replace(self, key: Key, response: Response, request: Mapping[str, str], fetched: dt.datetime) -> None:
        try:
            entry = write_entry(response, key, request, fetched, version("tickframe"))
            self._limit.check(entry.size)
        except ValueError as error:
            _logger.info("%s is not cached: %s", key.name, error)
            # The entry from before is older than the response that the user has now.
            self._location.delete(key.name)
            return
        self._location.mark()
        with self._limit.room(self._location, self._process_locks, entry.size):
            self._location.write(key.name, entry)

    def _wider(self, key: Key) -> list[Key]:
        """Return the keys of cached responses to wider windows of the same request."""
        if key.window == Window():
            return []
        try:
            return [other for other in self._other_windows(key) if other.window.covers(key.window)]
        except (OSError, pa.ArrowException) as error:
            self._fail_to_read(key.folder, error)
            return []

    def _other_windows(self, key: Key) -> list[Key]:
        self._shared.writer.wait(key.folder)
        others = entry_files(self._location, key.folder)
        return [other for other, _ in others if key.differs_only_in_window(other)]

    @contextlib.contextmanager
    def _errors_as_misses(self, key: Key) -> Iterator[None]:
        """Suppress errors of reading an entry, and log them. A damaged one is deleted."""
        try:
            yield
        except FileNotFoundError:
            pass
        except InvalidEntryError as error:
            _logger.warning("ignored the cache entry %s, which will be fetched again: %s", key.name, error)
            with contextlib.suppress(OSError, pa.ArrowException):
                self._location.delete(key.name)
        except (OSError, pa.ArrowException) as error:
            self._fail_to_read(key.name, error)

    def _mark_used(self, key: Key) -> None:
        """Record that an entry was read, if there is a limit."""
        if self.max_bytes is not None and self._location.is_local:
            with contextlib.suppress(OSError):
                os.utime(self._location.path(key.name), follow_symlinks=False)

    def _is_paused(self) -> bool:
        return time.monotonic() < self._paused_until

    def _fail_to_read(self, name: str, error: Exception) -> None:
        """Leave a location alone that does not respond; one unreadable entry is not a failure of the cache."""
        if self._location.responds():
            _logger.warning("cannot read %s in the cache, which will be fetched again: %s", name, error)
        else:
            self._pause()
            self._warn(error)

    def _fail(self, error: Exception) -> None:
        if not self._location.responds():
            self._pause()
        self._warn(error)

    def _pause(self) -> None:
        self._paused_until = time.monotonic() + _PAUSE

    def _warn(self, error: Exception) -> None:
        _logger.info("the cache at %s failed", self._location, exc_info=error)
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
