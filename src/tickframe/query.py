"""A query: what is asked, the requests it stands for, and the many ways out."""

from __future__ import annotations

import collections
import contextlib
import importlib
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyarrow as pa

from tickframe.arrow_to_pandas import DtypeBackend, check_conversion, to_dataframe
from tickframe.cache import Cache
from tickframe.cache.service import CachedService, CacheMode, check_cache_mode
from tickframe.errors import DecodeError, NotCachedError, SettingsError
from tickframe.export import Dataset, Existing, check_export, outcomes_beside
from tickframe.http.service import Service
from tickframe.plan.part import Part
from tickframe.run.display import query_html
from tickframe.run.fetch import Answers, OnError, PartAnswer, RunOptions, conform, fetch
from tickframe.run.outcomes import Estimate, Outcomes, estimate, sampled
from tickframe.wire.batch import documented_schema

if TYPE_CHECKING:
    import dask.dataframe as dd
    import polars as pl


class Query:
    """Something to ask of the service. Lazy: nothing is sent before a ``to_*`` method is called.

    Every call of a ``to_*`` method asks anew. A query is also an Arrow stream
    (``__arrow_c_stream__``), so that Polars, DuckDB and others read it as it is.

    Attributes
    ----------
    outcomes : Outcomes
        What happened to each request of the last run; empty before the first.
    """

    def __init__(
        self,
        service: Service,
        parts: Sequence[Part],
        *,
        timestamp: tuple[str, str] | None = None,
        options: RunOptions | None = None,
        cache: Cache | None = None,
    ) -> None:
        self._service = service
        self._cache = cache
        self._parts = tuple(parts)
        self._timestamp = timestamp
        self._options = options or RunOptions()
        self.outcomes = Outcomes()

    def __repr__(self) -> str:
        """Say what is asked and what the last run brought, without asking."""
        more = f" and {len(self._parts) - 1} more" if len(self._parts) > 1 else ""
        hits = f", {self.total_hits:,} hits" if self.total_hits is not None else ""
        ran = f" {self.outcomes!r}{hits}" if self.outcomes else ""
        return f"<Query: {self._parts[0].in_brief()}{more}{ran}>"

    def _repr_html_(self) -> str:
        """Show a notebook what is asked and what the last run brought, without asking."""
        hits = f", {self.total_hits:,} hits" if self.total_hits is not None else ""
        return query_html(self._parts, self.outcomes, repr(self.outcomes).strip("<>") + hits)

    @property
    def total_hits(self) -> int | None:
        """How many rows the service found in the last run; None where it did not say."""
        hits = self.outcomes[0].meta.get("total_hits") if self.outcomes else None
        return hits if isinstance(hits, int) else None

    def first_pages(self) -> Query:
        """Return the query for the first page alone where this one would read all pages."""
        parts = [replace(part, paged=False) for part in self._parts]
        return Query(self._service, parts, timestamp=self._timestamp, options=self._options, cache=self._cache)

    def parts(self) -> pd.DataFrame:
        """Return the requests that this query stands for, without asking.

        Returns
        -------
        pandas.DataFrame
            A row for each request: ``function``, a column for each parameter, and ``cached``,
            whether the cache holds the answer.
        """
        cached = CachedService(self._service, self._cache) if self._cache is not None else None
        return pd.DataFrame(
            [
                {
                    "function": part.function,
                    **dict(part.parameters),
                    "cached": cached is not None and cached.holds(part),
                }
                for part in self._parts
            ]
        )

    def estimate(self, sample: int = 0) -> Estimate:
        """Say how much this query is, from its last run, from the cache, or from a sample of its parts.

        Parameters
        ----------
        sample
            How many parts to ask for now, spread over all of them; 0 asks nothing.

        Returns
        -------
        Estimate
            Rows and bytes are None where nothing can say.

        Raises
        ------
        TickframeError
            If a part of the sample is not answered.
        """
        asked = Outcomes()
        if sample > 0:
            parts = sampled(self._parts, sample)
            answers = fetch(self._source("auto"), parts, asked, self._options)
            collections.deque(answers, maxlen=0)
        cached = {}
        if self._cache is not None:
            service = CachedService(self._service, self._cache)
            cached = {str(part): size for part in self._parts if (size := service.size(part)) is not None}
        return estimate(self._parts, cached | self.outcomes.sizes() | asked.sizes())

    def to_pandas(
        self,
        *,
        index: Literal["timestamp"] | None = "timestamp",
        dtype_backend: DtypeBackend | None = None,
        tz: str | None = None,
        on_error: OnError = "raise",
        cache: CacheMode = "auto",
    ) -> pd.DataFrame:
        """Ask, and return all rows as a DataFrame.

        Parameters
        ----------
        index
            ``"timestamp"`` makes the sum of date and time the index, a ``DatetimeIndex`` in
            nanoseconds that takes the place of the two columns; answers without a date and a time
            have numbered rows. None keeps the documented columns.
        dtype_backend
            ``"numpy_nullable"`` or ``"pyarrow"``, as in pandas; left out, integers are Int64,
            floats float64, strings str, labels category, dates datetime64[ns], times of day
            timedelta64[ns].
        tz
            The time zone to localize the index to. Times are wall-clock times of the exchange, and
            the documentation names no zone, so the index has none unless it is given here.
        on_error
            ``"raise"`` ends with the first part that fails. ``"collect"`` goes on without it: the
            failure stands in :attr:`outcomes`, a warning says so, and ``frame.attrs`` counts
            ``failed_parts``.
        cache
            Of a client with a cache: ``"auto"`` asks for what it does not hold, ``"refresh"`` asks
            for everything and writes it anew, ``"only"`` asks for nothing, and ``"off"`` passes it
            by. Days that may still change are never in it.

        Returns
        -------
        pandas.DataFrame
            Rows in the order of the parts. It can be written to.

        Raises
        ------
        TickframeError
            If any part is not answered whole, or with ``cache="only"`` is not in the cache.
        ValueError
            If an argument is wrong, see :func:`tickframe.arrow_to_pandas.to_dataframe`.
        """
        if index not in ("timestamp", None):
            raise ValueError(f"index {index!r} is neither 'timestamp' nor None")
        check_conversion(dtype_backend, tz, has_index=index is not None and self._timestamp is not None)
        table = self.to_arrow(on_error=on_error, cache=cache)
        timestamp = self._timestamp_columns(table.schema) if index is not None else None
        # What is still being written into the cache must not change with the frame.
        consume = self._cache is None or cache == "off"
        frame = to_dataframe(table, timestamp=timestamp, dtype_backend=dtype_backend, tz=tz, consume=consume)
        if failed := self.outcomes.failed:
            frame.attrs["failed_parts"] = len(failed)
        return frame

    def to_arrow(self, *, on_error: OnError = "raise", cache: CacheMode = "auto") -> pa.Table:
        """Ask, and return all rows as a ``pyarrow.Table``, a chunk for each frame.

        Parameters
        ----------
        on_error, cache
            As in :meth:`to_pandas`.

        Raises
        ------
        TickframeError
            If any part is not answered whole.
        """
        schema, batches = self._open(on_error, cache)
        return pa.Table.from_batches(list(batches), schema)

    def to_reader(self, *, on_error: OnError = "raise", cache: CacheMode = "auto") -> pa.RecordBatchReader:
        """Ask part by part as the reader is read; one record batch for each frame.

        The first request is made at once. An error inside an Arrow stream arrives as
        ``pyarrow.ArrowException``; the other ``to_*`` methods raise it as it is.

        Parameters
        ----------
        on_error, cache
            As in :meth:`to_pandas`.
        """
        schema, batches = self._open(on_error, cache)
        return pa.RecordBatchReader.from_batches(schema, batches)

    def to_polars(self, *, on_error: OnError = "raise", cache: CacheMode = "auto") -> pl.DataFrame:
        """Ask, and return all rows as a ``polars.DataFrame``.

        Parameters
        ----------
        on_error, cache
            As in :meth:`to_pandas`.

        Raises
        ------
        SettingsError
            If Polars is not installed.
        TickframeError
            If any part is not answered whole.
        """
        try:
            polars = importlib.import_module("polars")
        except ImportError as error:
            raise SettingsError("to_polars() needs Polars: pip install 'tickframe[polars]'") from error
        frame: pl.DataFrame = polars.from_arrow(self.to_arrow(on_error=on_error, cache=cache))
        return frame

    def to_parquet(
        self,
        directory: str | os.PathLike[str],
        *,
        partition_by: str | Sequence[str] = ("symbol", "date"),
        existing: Existing = "skip",
        engine: Literal["dask"] | None = None,
        on_error: OnError = "raise",
        cache: CacheMode = "auto",
    ) -> list[Path] | list[str]:
        """Ask, and write the rows into a Parquet dataset, part by part, in bounded memory.

        Each file is written whole or not at all. A run that was ended, run again, asks for what is
        missing and ends with the same dataset. Another window of the same day is another part: its
        rows stand beside those of the first, so give it a folder of its own. What all runs wrote, with
        the rows of each part, stands at the end in ``_tickframe/manifest.json``.

        Parameters
        ----------
        directory
            The dataset's folder, made where it is not there; or a URI that ``pyarrow.fs`` knows, such
            as ``s3://bucket/ticks?region=eu-central-1``.
        partition_by
            The columns that become folders, as in ``symbol=ZAL.XE/date=2016-05-05/``.
        existing
            What to do with parts that are in the dataset already: ``"skip"`` does not ask for them
            (but for days that may still change), ``"overwrite"`` asks again, ``"error"`` refuses
            before anything is sent.
        engine
            ``"dask"`` lets the workers of the current Dask cluster ask and write, which all must reach
            the directory; without a cluster, Dask's threads. Left out, this process does.
        on_error, cache
            As in :meth:`to_pandas`.

        Returns
        -------
        list of pathlib.Path or list of str
            The files of all parts, in the order of the parts: paths where the folder is local, else
            URIs such as ``s3://bucket/ticks/symbol=ZAL.XE/date=2016-05-05/<part>.parquet``.

        Raises
        ------
        TickframeError
            If a part is not answered whole; the files of the parts before it are there.
        FileExistsError
            If ``existing`` is ``"error"`` and a part is there.
        ValueError
            If an answer lacks a partition column, or an argument is wrong.
        """
        names = check_export(partition_by, existing, engine, self._parts[0].columns)
        dataset = Dataset(directory, names)
        if engine == "dask":
            with _needing_dask():
                from tickframe.dask.export import export  # noqa: PLC0415
            return export(self, dataset, existing, on_error, cache)
        done = dataset.begin(self._parts, existing)
        records = {place: [record] for place, record in done.items()}
        missing = [place for place in range(len(self._parts)) if place not in done]
        try:
            for at, part, batches in self._answers([self._parts[place] for place in missing], on_error, cache):
                records.setdefault(missing[at], []).append(dataset.write(part, pa.Table.from_batches(batches)))
        finally:
            self.outcomes = outcomes_beside(done, self._parts, self.outcomes)
        return dataset.finish([record for place in sorted(records) for record in records[place]])

    def to_dask(self) -> dd.DataFrame:
        """Return the rows as a lazy Dask DataFrame with a partition for each day, sorted by time.

        See :func:`tickframe.dask.from_query`, which has other partitions too, and :mod:`tickframe.dask`
        for what a cluster needs.

        Raises
        ------
        SettingsError
            If Dask is not installed.
        ValueError
            If the columns are not documented, or a part is not of one day.
        """
        with _needing_dask():
            from tickframe.dask import from_query  # noqa: PLC0415
        return from_query(self)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> Any:
        """Ask part by part as the stream is read (the Arrow PyCapsule interface)."""
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def _timestamp_columns(self, schema: pa.Schema) -> tuple[str, str] | None:
        """Return the columns that make the index, None where this answer has none."""
        if self._timestamp is None:
            return None
        date, time = self._timestamp
        if date not in schema.names or time not in schema.names:
            return None
        for name, is_kind in ((date, pa.types.is_date32), (time, pa.types.is_duration)):
            if not is_kind(schema.field(name).type):
                if not self._parts[0].columns:
                    return None
                raise DecodeError(
                    f"column {name!r} is {schema.field(name).type}, of which no index can be made: take index=None",
                    column=name,
                )
        return self._timestamp

    def _source(self, mode: CacheMode) -> Answers:
        """Return what answers the parts."""
        check_cache_mode(mode)
        if self._cache is not None and mode != "off":
            return CachedService(self._service, self._cache, mode)
        if mode in ("only", "refresh"):
            raise ValueError(f"cache={mode!r} needs a client with a cache, such as Client(cache=True)")
        return self._service

    def _check_cached(self, parts: Sequence[Part], source: CachedService) -> None:
        """Name all that the cache does not hold, before the first of it ends the run."""
        missing = tuple(str(part) for part in parts if not source.holds(part))
        if missing:
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            raise NotCachedError(
                f"the cache does not hold {len(missing)} of {len(parts)} parts: {'; '.join(missing[:3])}{more}. "
                "Ask for them with cache='auto'",
                parts=missing,
            )

    def _answers(self, parts: Sequence[Part], on_error: OnError, mode: CacheMode) -> Iterator[PartAnswer]:
        """Ask for parts, and keep the outcomes up to date; all batches have one schema."""
        source = self._source(mode)
        if mode == "only" and on_error == "raise" and isinstance(source, CachedService):
            self._check_cached(parts, source)
        outcomes = Outcomes()
        self.outcomes = outcomes
        return conform(fetch(source, parts, outcomes, self._options, on_error))

    def _open(
        self, on_error: OnError = "raise", cache: CacheMode = "auto"
    ) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Ask until the schema is known; return it and all batches."""
        batches = (batch for _, _, batches in self._answers(self._parts, on_error, cache) for batch in batches)
        first = next(batches, None)
        if first is None:
            # Every part failed, and that is collected.
            return documented_schema(self._parts[0].columns), batches
        return first.schema, itertools.chain([first], batches)


@contextlib.contextmanager
def _needing_dask() -> Iterator[None]:
    """Name the extra where what stands above, which this is the one door to, cannot be imported."""
    try:
        yield
    except ImportError as error:
        raise SettingsError("Dask is not installed: pip install 'tickframe[dask]'") from error
