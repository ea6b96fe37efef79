"""Queries as lazy Dask DataFrames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from dask.dataframe.utils import clear_known_categories

from tickframe.arrow_to_pandas import FrameBuilder, to_dataframe
from tickframe.dask.worker import WorkerSource
from tickframe.errors import DecodeError
from tickframe.plan.part import Part
from tickframe.plan.plan import Plan
from tickframe.run.source import Source
from tickframe.timestamps import TIMESTAMP, TimeOptions, Times, TimestampColumn, TimeZones
from tickframe.wire.batch import documented_schema


class _Query(Protocol):
    """What is needed of :class:`tickframe.Query`."""

    @property
    def plan(self) -> Plan: ...
    @property
    def source(self) -> Source: ...


Partition = Literal["day", "part"]

_DAY = pd.Timedelta(days=1).as_unit("ns")
_MIDNIGHT = pa.scalar(_DAY.value, pa.duration("ns"))


def from_query(
    query: _Query,
    partition: Partition = "day",
    *,
    index: bool = True,
    times: Times = "timestamp",
    tz: TimeZones | None = None,
) -> dd.DataFrame:
    """Return the rows of a query as a lazy Dask DataFrame; nothing is sent before it is computed.

    Each computation requests the partitions that it needs; with a cache, only what the cache lacks. The
    query's ``outcomes`` do not change, and frames have no ``attrs``: a part that fails is an error.

    Parameters
    ----------
    query
        A :class:`tickframe.Query` of a function whose columns are documented.
    partition
        ``"day"`` makes a partition of all parts of a day, ``"part"`` one of each part.
    index
        Whether the sum of date and time is the index, as in :meth:`tickframe.Query.to_pandas`. By day
        the rows are then sorted by it, those of one time in the order of the parts, and the divisions
        are known: the midnights at which the days begin, and the last nanosecond of the last day.
    times, tz
        As in :meth:`tickframe.Query.to_arrow`, for ``index=False``; ``tz`` also of the index. A mapping of suffixes
        to time zones leaves the divisions unknown.

    Returns
    -------
    dask.dataframe.DataFrame
        Columns and dtypes as of :meth:`tickframe.Query.to_pandas`; categories are unknown before
        a partition is loaded. Columns that a computation does not need are dropped before they become
        pandas columns.

    Raises
    ------
    ValueError
        If the columns are not documented, a part is not of one day and partitions are days, an argument is
        wrong, or the cache is at a location that holds a secret.
    """
    if partition not in get_args(Partition):
        raise ValueError(f"invalid partition {partition!r}: expected 'day' or 'part'")
    plan = query.plan
    if not plan.is_documented:
        raise ValueError("the columns of this response are not documented, so Dask cannot know them in advance")
    options = TimeOptions.of(plan.timestamp, times=times, tz=tz, order="parts")
    if options.timestamp is not None:
        options.timestamp.check_symbols(plan.symbols())
    indexed = index and options.timestamp is not None
    if indexed and times == "documented":
        raise ValueError("times='documented' keeps date and time as columns: pass index=False")
    received = documented_schema(plan.columns)
    days = _by_day(plan.parts) if partition == "day" else {}
    is_sorted = bool(days) and indexed
    load = _Load(
        WorkerSource.of(query.source, "auto", plan.options.max_workers),
        received,
        options,
        TIMESTAMP if indexed else None,
        is_sorted,
    )
    meta = clear_known_categories(to_dataframe(options.schema(received).empty_table(), index=load.index))
    divisions = _divisions(list(days), options.timestamp) if is_sorted and options.timestamp is not None else None
    # Strings stay what they are in pandas.
    with dask.config.set({"dataframe.convert-string": False}):
        frame: dd.DataFrame = dd.from_map(
            load,
            [_Parts(tuple(parts)) for parts in days.values() or ([part] for part in plan.parts)],
            meta=meta,
            divisions=divisions,
            label="tickframe",
        )
    return frame


def _by_day(parts: Sequence[Part]) -> dict[pd.Timestamp, list[Part]]:
    """Return the parts of each day, days in their order."""
    days: dict[pd.Timestamp, list[Part]] = {}
    for part in parts:
        day = dict(part.parameters).get("day")
        if not isinstance(day, dt.date):
            raise ValueError(f"{part} is not of one day: use partition='part'")
        days.setdefault(pd.Timestamp(day).as_unit("ns"), []).append(part)
    return dict(sorted(days.items()))


def _divisions(days: Sequence[pd.Timestamp], timestamp: TimestampColumn) -> tuple[pd.Timestamp, ...] | None:
    """Return the midnights at which days begin and the last nanosecond; None if symbols have several time zones."""
    if isinstance(timestamp.tz, tuple):
        return None
    midnights = pd.DatetimeIndex([*days, max(days) + _DAY])
    # A day begins with the first of two midnights, and with the end of an hour that is skipped.
    midnights = midnights.tz_localize(
        timestamp.tz, ambiguous=np.ones(len(midnights), bool), nonexistent="shift_forward"
    )
    *starts, end = midnights.as_unit("ns")
    return (*starts, end - pd.Timedelta(1, "ns"))


@dataclass(frozen=True)
class _Parts:
    """The parts of one partition."""

    parts: tuple[Part, ...]

    def __dask_tokenize__(self) -> str:
        # Dask would walk through every part, including its documented columns, for each step of a computation.
        return repr([(part.function, part.endpoint, part.key()) for part in self.parts])


@dataclass(frozen=True)
class _Load:
    """Loads the parts of one partition."""

    source: WorkerSource
    schema: pa.Schema
    times: TimeOptions
    index: str | None
    is_sorted: bool

    def __call__(self, partition: _Parts, columns: list[str] | None = None) -> pd.DataFrame:
        """Return the rows of a partition.

        Parameters
        ----------
        partition
            Its parts.
        columns
            The columns that are needed besides the index; None for all.
        """
        schema = self.times.schema(self.schema)
        if columns is not None:
            schema = pa.schema([schema.field(name) for name in (*columns, *([self.index] if self.index else ()))])
        builder = FrameBuilder(schema, index=self.index, consume=True)
        with self.source.run(partition.parts) as run:
            for fetched in run:
                for batch in fetched.response.batches:
                    self._check(fetched.part, batch)
                    if batch.num_rows:
                        builder.append(self.times.convert(batch).select(schema.names))
        return builder.finish(sort=self.is_sorted)

    def _check(self, part: Part, batch: pa.RecordBatch) -> None:
        """Check that rows have the columns and lie within the divisions that Dask was told.

        Raises
        ------
        DecodeError
            If they do not.
        """
        if not batch.num_rows:
            return
        for name in dict.fromkeys([*self.schema.names, *batch.schema.names]):
            here, documented = (_type_of(name, schema) for schema in (batch.schema, self.schema))
            if here != documented:
                raise DecodeError(
                    f"column {name!r} is {here} in the response and {documented} in the documentation, from which a "
                    "Dask DataFrame takes its columns: load the query another way",
                    column=name,
                    part=str(part),
                )
        timestamp = self.times.timestamp
        if self.is_sorted and timestamp is not None and not _is_of_one_day(batch, part, timestamp):
            raise DecodeError(
                "rows without a time, or of another day, cannot be in a partition of one day: use partition='part'",
                column=timestamp.time,
                part=str(part),
            )


def _type_of(name: str, schema: pa.Schema) -> str:
    return str(schema.field(name).type) if name in schema.names else "absent"


def _is_of_one_day(batch: pa.RecordBatch, part: Part, timestamp: TimestampColumn) -> bool:
    """Return whether all rows have a date and a time, and are of the part's own day."""
    dates, times = batch.column(timestamp.date), batch.column(timestamp.time)
    day = dict(part.parameters)["day"]
    if dates.null_count or times.null_count or pc.min_max(dates).as_py() != {"min": day, "max": day}:
        return False
    bounds = pc.min_max(times.cast(pa.int64()))
    return bool(bounds["min"].as_py() >= 0 and bounds["max"].as_py() < _DAY.value)
