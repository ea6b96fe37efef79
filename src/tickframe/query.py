"""A query: a lazy plan, and the ways to load it."""

from __future__ import annotations

import collections
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyarrow as pa

from tickframe.arrow_to_pandas import DtypeBackend, FrameBuilder, check_conversion
from tickframe.cache.service import CacheMode
from tickframe.errors import TickframeError, warn
from tickframe.export import Existing, Export, check_existing, open_dataset
from tickframe.extras import needs_extra
from tickframe.plan.part import Part
from tickframe.plan.plan import Plan
from tickframe.run.display import query_html
from tickframe.run.fetch import Fetched, OnError, Run
from tickframe.run.outcomes import Estimate, Outcomes, estimate, evenly_spread
from tickframe.run.progress import Progress
from tickframe.run.source import Source
from tickframe.run.time_order import check_order, merge_by_day
from tickframe.run.trade_conditions import trade_conditions
from tickframe.timestamps import TIMESTAMP, Order, TimeOptions, Times, TimeZones, sort_by_time
from tickframe.wire.batch import documented_schema

if TYPE_CHECKING:
    import dask.dataframe as dd
    import polars as pl


class Query:
    """A lazy query: nothing is sent before a ``to_*`` method is called.

    Each call of a ``to_*`` method is a run of its own, so that threads can use the same query. A query is also an
    Arrow stream (``__arrow_c_stream__``) that Polars, DuckDB and others read directly. It can be pickled, without
    secrets: a process that unpickles it takes the account, proxies and certificates from its own settings.

    Attributes
    ----------
    plan : Plan
        The requests.
    source : Source
        Where responses come from.
    outcomes : Outcomes
        The outcome of each request of the last run; empty before the first.
    """

    def __init__(self, plan: Plan, source: Source, progress: bool | Progress = False) -> None:
        self.plan = plan
        self.source = source
        self.outcomes = Outcomes()
        self._progress = progress

    def __reduce__(self) -> tuple[object, ...]:
        # A progress display belongs to its process.
        return Query, (self.plan, self.source, self._progress is True)

    def __repr__(self) -> str:
        """Return the request and a summary of the last run."""
        parts = self.plan.parts
        more = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
        last_run = f" {self.outcomes!r}{self._hits()}" if self.outcomes else ""
        return f"<Query: {parts[0].summary()}{more}{last_run}>"

    def _repr_html_(self) -> str:
        summary = repr(self.outcomes).strip("<>") + self._hits()
        return query_html(self.plan.parts, self.outcomes.to_html(summary) if self.outcomes else "")

    def _hits(self) -> str:
        return f", {self.total_hits:,} hits" if self.total_hits is not None else ""

    @property
    def total_hits(self) -> int | None:
        """How many rows the service found in the last run; None if it did not report it."""
        hits = self.outcomes[0].meta.get("total_hits") if self.outcomes else None
        return hits if isinstance(hits, int) else None

    def trade_conditions(self) -> pd.DataFrame:
        """Return the meanings of the trade conditions in the responses of the last run.

        Request them with ``flags=["INCLUDE_TRADE_CONDITION_INFO"]``.

        Returns
        -------
        pandas.DataFrame
            A row for each condition: ``condition``, ``description``, ``category`` (``Dark``, ``Off``, ``Lit``,
            ``Lit - Auction`` or ``Lit - Periodic Auction``), and ``continuous_session``, whether such trades belong to
            the continuous session. A condition whose meaning differs between responses has a row for each. No rows
            without the flag, or without trades.

        Raises
        ------
        ValueError
            If the query has not been loaded.
        """
        if not self.outcomes:
            raise ValueError("not loaded yet: call a to_ method, such as to_pandas(), before trade_conditions()")
        return trade_conditions(outcome.meta for outcome in self.outcomes)

    def first_pages(self) -> Query:
        """Return the query for the first page alone where this one reads all pages."""
        return Query(self.plan.first_pages(), self.source, self._progress)

    def parts(self) -> pd.DataFrame:
        """Return the requests of this query as a table, without sending them.

        Returns
        -------
        pandas.DataFrame
            A row for each request: ``function``, a column for each parameter, and ``cached``,
            whether the cache holds the response.
        """
        return pd.DataFrame(
            [
                {"function": part.function, **dict(part.parameters), "cached": self.source.holds(part)}
                for part in self.plan.parts
            ]
        )

    def estimate(self, sample: int = 0) -> Estimate:
        """Estimate the size of this query from its last run, the cache, or a sample of its parts.

        Parameters
        ----------
        sample
            How many parts to load now, spread over all of them; 0 sends nothing.

        Returns
        -------
        Estimate
            Rows and bytes are None if no part is known.

        Raises
        ------
        TickframeError
            If a part of the sample fails.
        """
        sizes = {part: size for part in self.plan.parts if (size := self.source.cached_size(part)) is not None}
        sizes |= self.outcomes.sizes()
        if sample > 0:
            run = self._new_run(evenly_spread(self.plan.parts, sample))
            collections.deque(self._fetch(run), maxlen=0)
            sizes |= run.outcomes.sizes()
        return estimate(self.plan.parts, sizes)

    def to_pandas(
        self,
        *,
        index: Literal["timestamp"] | None = "timestamp",
        order: Order | None = None,
        dtype_backend: DtypeBackend | None = None,
        nulls: Literal["nan"] | None = None,
        tz: TimeZones | None = None,
        on_error: OnError = "raise",
        cache: CacheMode = "auto",
    ) -> pd.DataFrame:
        """Load all rows into a DataFrame.

        Parameters
        ----------
        index
            ``"timestamp"`` makes the sum of date and time the index, a ``DatetimeIndex`` in
            nanoseconds that replaces the two columns; responses without a date and a time
            have numbered rows. None keeps the documented columns.
        order
            ``"time"`` sorts rows by their timestamp, so that slices, ``rolling`` and ``asof`` work: rows of the
            same timestamp stay in the order of the parts, rows without one are last. ``"parts"`` keeps the order
            of the parts. By default it is ``"time"`` where there is a timestamp index.
        dtype_backend
            ``"numpy_nullable"`` or ``"pyarrow"``, as in pandas; ``"numpy"`` for NumPy's int64, float64 and bool. By
            default integers are Int64, floats float64, strings str, labels category, dates datetime64[ns],
            times of day timedelta64[ns].
        nulls
            ``"nan"`` makes an integer column with nulls float64 for ``dtype_backend="numpy"``, which is
            otherwise an error.
        tz
            The time zone of the times, a name such as ``"Europe/Berlin"``, or one for each suffix of a symbol,
            as in ``{"XE": "Europe/Berlin", "L": "Europe/London"}``: then each symbol is localized by its own,
            and the index is in UTC. Times are wall-clock times of the exchange, and the documentation names no
            zone, so by default the index has none.
        on_error
            ``"raise"`` ends with the first part that fails. ``"collect"`` continues without it: the
            failure is in :attr:`outcomes`, a warning is given, and ``frame.attrs`` counts
            ``failed_parts``.
        cache
            For a client with a cache: ``"auto"`` requests what it does not hold, ``"refresh"`` requests
            everything and replaces the entries, ``"only"`` requests nothing, and ``"off"`` ignores the
            cache. Days that may still change are never in it.

        Returns
        -------
        pandas.DataFrame
            A writable frame.

        Raises
        ------
        TickframeError
            If any part fails, or with ``cache="only"`` is not in the cache.
        ValueError
            If an argument is wrong, see :func:`tickframe.arrow_to_pandas.to_dataframe`.
        """
        if index not in ("timestamp", None):
            raise ValueError(f"invalid index {index!r}: expected 'timestamp' or None")
        if index is None and tz is not None:
            raise ValueError("tz localizes the timestamp index, and index=None has none: omit tz")
        has_index = index is not None and self.plan.timestamp is not None
        default_order: Order = "time" if has_index else "parts"
        times = self._time_options("timestamp" if has_index else "documented", tz, order or default_order)
        check_conversion(dtype_backend, nulls)
        run = self._new_run(self.plan.parts, on_error, cache)
        # The frame itself is sorted, once, by its index.
        schema, batches, received = self._open(run, replace(times, order="parts") if has_index else times)
        if received.is_sorted:
            table = _to_table(schema, batches, received)
            schema, batches = table.schema, iter(table.to_batches())
            del table
        has_timestamp = has_index and received.timestamp is not None
        builder = FrameBuilder(
            schema,
            index=TIMESTAMP if has_timestamp else None,
            dtype_backend=dtype_backend,
            nulls=nulls,
            # Memory that is still being written into the cache must not change with the frame.
            consume=self.source.cache is None or cache == "off",
        )
        for batch in batches:
            builder.append(batch)
        frame = builder.finish(sort=has_timestamp and times.is_sorted)
        if failed := run.outcomes.failed:
            frame.attrs["failed_parts"] = len(failed)
        return frame

    def to_arrow(
        self,
        *,
        times: Times = "timestamp",
        tz: TimeZones | None = None,
        order: Order = "parts",
        on_error: OnError = "raise",
        cache: CacheMode = "auto",
    ) -> pa.Table:
        """Load all rows into a ``pyarrow.Table``.

        Parameters
        ----------
        times
            ``"timestamp"`` replaces date and time by a first column ``timestamp``, ``timestamp[ns]``, null where
            either is null. ``"documented"`` keeps the two columns: date32, and duration[ns] since midnight,
            which DuckDB cuts to microseconds and other readers refuse.
        tz, on_error, cache
            As in :meth:`to_pandas`; ``tz`` is the time zone of ``timestamp``.
        order
            ``"parts"`` is the order of the parts, a chunk for each frame of a response. ``"time"`` sorts as in
            :meth:`to_pandas`, day by day.

        Raises
        ------
        TickframeError
            If any part fails.
        ValueError
            If an argument is wrong.
        """
        options = self._time_options(times, tz, order)
        return _to_table(*self._open(self._new_run(self.plan.parts, on_error, cache), options))

    def to_reader(
        self,
        *,
        times: Times = "timestamp",
        tz: TimeZones | None = None,
        order: Order = "parts",
        on_error: OnError = "raise",
        cache: CacheMode = "auto",
    ) -> pa.RecordBatchReader:
        """Load part by part while the reader is read; one record batch for each frame.

        The first request is sent at once. An error inside an Arrow stream arrives as
        ``pyarrow.ArrowException``; the other ``to_*`` methods raise it unchanged.

        Parameters
        ----------
        times, tz, order
            As in :meth:`to_arrow`. With ``order="time"`` the rows of a day are in memory at once.
        on_error, cache
            As in :meth:`to_pandas`.
        """
        options = self._time_options(times, tz, order)
        schema, batches, options = self._open(self._new_run(self.plan.parts, on_error, cache), options)
        if options.is_sorted:
            batches = check_order(batches)
        return pa.RecordBatchReader.from_batches(options.finish(schema), map(options.finish, batches))

    def to_polars(
        self,
        *,
        times: Times = "timestamp",
        tz: TimeZones | None = None,
        order: Order = "parts",
        on_error: OnError = "raise",
        cache: CacheMode = "auto",
    ) -> pl.DataFrame:
        """Load all rows into a ``polars.DataFrame``.

        Parameters
        ----------
        times, tz, order
            As in :meth:`to_arrow`.
        on_error, cache
            As in :meth:`to_pandas`.

        Raises
        ------
        SettingsError
            If Polars is not installed.
        TickframeError
            If any part fails.
        """
        with needs_extra("polars", "to_polars()"):
            import polars  # noqa: ICN001, PLC0415
        frame = polars.from_arrow(self.to_arrow(times=times, tz=tz, order=order, on_error=on_error, cache=cache))
        assert isinstance(frame, polars.DataFrame)
        return frame

    def to_parquet(
        self,
        directory: str | os.PathLike[str],
        *,
        partition_by: str | Sequence[str] | None = None,
        existing: Existing = "skip",
        engine: Literal["dask"] | None = None,
        times: Times = "timestamp",
        tz: TimeZones | None = None,
        order: Order = "parts",
        write_options: Mapping[str, Any] | None = None,
        on_error: OnError = "raise",
        cache: CacheMode = "auto",
    ) -> list[Path] | list[str]:
        """Load the rows into a Parquet dataset, part by part, in bounded memory.

        Each file is written whole or not at all. A run that was interrupted, repeated, loads what is missing and ends
        with the same dataset; a file that was changed or cut short since is loaded again. A dataset holds one kind of
        data of one service: another function, data type, window, or other flags need a directory of their own.
        ``_tickframe/manifest.json`` lists what all runs wrote, with the rows of each part. From the first change of a
        run until none of its parts is missing, those that failed with ``on_error="collect"`` included, it is not there:
        :func:`tickframe.read_dataset` then raises.

        Parameters
        ----------
        directory
            The directory of the dataset, created if it does not exist; or a URI that ``pyarrow.fs`` knows, such
            as ``s3://bucket/ticks?region=eu-central-1``.
        partition_by
            The columns that become directories, as in ``symbol=ZAL.XE/date=2016-05-05/``. By default ``symbol`` and
            ``date``, or those of them that the documented columns have.
        existing
            What to do with parts that are in the dataset already: ``"skip"`` does not load them
            (except days that may still change), ``"overwrite"`` loads them again, ``"error"`` raises
            before anything is sent. ``"overwrite"`` also replaces the same days of the same columns that were
            requested in another way, such as with other flags, if no other days remain.
        engine
            ``"dask"`` lets the workers of the current Dask cluster load and write, all of which must reach
            the directory; without a cluster, Dask's threads. By default this process does, with twice as many
            threads as it has cores.
        times, tz, order
            As in :meth:`to_arrow`. ``"time"`` sorts the rows of each file.
        write_options
            Options of ``pyarrow.parquet.write_table`` that replace the defaults, such as
            ``{"compression": "snappy"}``.
        on_error, cache
            As in :meth:`to_pandas`.

        Returns
        -------
        list of pathlib.Path or list of str
            The files of all parts, in the order of the parts: paths if the directory is local, otherwise
            URIs such as ``s3://bucket/ticks/symbol=ZAL.XE/date=2016-05-05/<part>.parquet``.

        Raises
        ------
        TickframeError
            If a part fails; the files of the parts before it are there.
        DatasetError
            If the directory holds other data, or the same days from other requests; before anything is sent.
        FileExistsError
            If ``existing`` is ``"error"`` and a part is there.
        ValueError
            If a response lacks a partition column, or an argument is wrong.
        """
        check_existing(existing, engine)
        dataset = open_dataset(
            directory,
            self.plan,
            self.source.service_name,
            partition_by=partition_by,
            times=self._time_options(times, tz, order),
            write_options=write_options,
        )
        schema = documented_schema(self.plan.columns)
        if engine == "dask":
            with needs_extra("dask", "engine='dask'"):
                from tickframe.dask.export import export_parts  # noqa: PLC0415
            with dataset:
                records, self.outcomes = export_parts(
                    self.plan, self.source, dataset, existing, on_error=on_error, mode=cache
                )
                return dataset.finish(records, schema, is_complete=not self.outcomes.failed)
        with dataset:
            export = Export(dataset, self.plan.parts, dataset.begin(self.plan.parts, existing))
            run = self._new_run(export.missing, on_error, cache)
            try:
                records = export.write(self._fetch(run))
                return dataset.finish(records, schema, is_complete=not run.outcomes.failed)
            finally:
                self.outcomes = export.outcomes(run.outcomes)

    def to_dask(self) -> dd.DataFrame:
        """Return the rows as a lazy Dask DataFrame with a partition for each day, sorted by time.

        See :func:`tickframe.dask.from_query`, which also has other partitions, and :mod:`tickframe.dask`
        for what a cluster needs.

        Raises
        ------
        SettingsError
            If Dask is not installed.
        ValueError
            If the columns are not documented, or a part is not of one day.
        """
        with needs_extra("dask", "to_dask()"):
            from tickframe.dask import from_query  # noqa: PLC0415
        return from_query(self)

    def __arrow_c_schema__(self) -> Any:
        """Return the documented schema of :meth:`to_reader`, without sending anything (the Arrow PyCapsule interface).

        Raises
        ------
        ValueError
            If the columns are not documented.
        """
        if not self.plan.is_documented:
            raise ValueError("the columns of this response are not documented: load it, and take the schema of that")
        documented = documented_schema(self.plan.columns)
        return TimeOptions.of(self.plan.timestamp).schema(documented).__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any:
        """Load part by part while the stream is read (the Arrow PyCapsule interface)."""
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def _time_options(self, times: Times, tz: TimeZones | None, order: Order) -> TimeOptions:
        options = TimeOptions.of(self.plan.timestamp, times=times, tz=tz, order=order)
        if options.timestamp is not None:
            options.timestamp.check_symbols(self.plan.symbols())
        return options

    def _new_run(self, parts: Sequence[Part], on_error: OnError = "raise", cache: CacheMode = "auto") -> Run:
        responder = self.source.responder(cache)
        if cache == "only" and on_error == "raise":
            self.source.check_cached(parts)
        return Run(responder, parts, self.plan.options, on_error=on_error, progress=self._progress)

    def _fetch(self, run: Run) -> Iterator[Fetched]:
        """Iterate over a run, and warn at its end if the cache failed."""
        try:
            yield from run
        except TickframeError:
            self._warn_of_cache()
            raise
        self._warn_of_cache()

    def _warn_of_cache(self) -> None:
        if self.source.cache is not None and (message := self.source.cache.pending_warning()):
            warn(message)

    def _open(self, run: Run, times: TimeOptions) -> tuple[pa.Schema, Iterator[pa.RecordBatch], TimeOptions]:
        """Run until the schema is known; return it, all converted batches, and the options that fit the responses."""
        self.outcomes = run.outcomes
        fetched = self._fetch(run)
        first = next(fetched, None)
        if first is None:
            # Every part failed, and the failures are collected.
            return times.schema(documented_schema(self.plan.columns)), iter(()), times
        received = first.response.batches[0].schema
        times = times.for_schema(received, is_documented=self.plan.is_documented)
        batches = (
            (each.position, times.convert(batch))
            for each in itertools.chain([first], fetched)
            for batch in each.response.batches
        )
        if times.timestamp is None or not times.is_sorted:
            return times.schema(received), (batch for _, batch in batches), times
        return times.schema(received), merge_by_day(batches, self.plan.parts, times.timestamp), times


def _to_table(schema: pa.Schema, batches: Iterator[pa.RecordBatch], times: TimeOptions) -> pa.Table:
    table = pa.Table.from_batches(list(batches), schema)
    return times.finish(sort_by_time(table) if times.is_sorted else table)
