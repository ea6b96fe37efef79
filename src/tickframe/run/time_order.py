"""Rows of many parts in order of time, merged day by day in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from tickframe.errors import DecodeError
from tickframe.plan.part import Part
from tickframe.timestamps import NANOSECONDS_PER_DAY, TIMESTAMP, TimestampColumn, sort_by_time


def merge_by_day(
    batches: Iterable[tuple[int, pa.RecordBatch]], parts: Sequence[Part], timestamp: TimestampColumn
) -> Iterator[pa.RecordBatch]:
    """Sort the rows of parts by time, stable and rows without a timestamp last, a day in memory at a time.

    Parameters
    ----------
    batches
        The position of its part and each batch, in the order of the parts. Batches have a column ``timestamp``.
    parts
        All parts.
    timestamp
        How the timestamps were made.

    Yields
    ------
    pyarrow.RecordBatch
        Rows in order. A row that is earlier than the day of its own part may be out of order.
    """
    bounds = _bounds(parts, timestamp.earliest_offset)
    pending: list[pa.RecordBatch] = []
    without_time: list[pa.RecordBatch] = []
    bound: int | None = None
    for position, batch in batches:
        if bounds[position] is not None and bounds[position] != bound:
            bound = bounds[position]
            ready, pending = _split(pending, bound, without_time)
            yield from ready
        pending.append(batch)
    ready, rest = _split(pending, None, without_time)
    yield from ready
    yield from rest
    yield from without_time


def check_order(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches, and check that they are in order of time.

    Raises
    ------
    DecodeError
        If a row is earlier than one before it.
    """
    latest: int | None = None
    for batch in batches:
        values = batch.column(TIMESTAMP).cast(pa.int64()).drop_null().to_numpy()
        if len(values):
            if latest is not None and values[0] < latest:
                raise DecodeError(
                    "a row is earlier than the day of its request, whose rows were returned already: "
                    "use order='parts', or to_arrow(order='time'), which sorts everything in memory",
                    column=TIMESTAMP,
                )
            latest = int(values[-1])
        yield batch


def _bounds(parts: Sequence[Part], earliest_offset: int) -> list[int | None]:
    """Return for each part the time in nanoseconds before which neither it nor a later part has rows.

    None means that it is unknown.
    """
    epoch = np.datetime64(0, "D")
    bounds: list[int | None] = []
    earliest: int | None = None
    known = True
    for part in reversed(parts):
        days = part.days()
        known = known and bool(days)
        if known:
            midnight = int((np.datetime64(min(days), "D") - epoch).astype(int)) * NANOSECONDS_PER_DAY - earliest_offset
            earliest = midnight if earliest is None else min(earliest, midnight)
        bounds.append(earliest if known else None)
    return bounds[::-1]


def _split(
    pending: list[pa.RecordBatch], bound: int | None, without_time: list[pa.RecordBatch]
) -> tuple[list[pa.RecordBatch], list[pa.RecordBatch]]:
    """Sort rows; return those before the bound and the others, and move those without a timestamp."""
    if not pending:
        return [], []
    table = sort_by_time(pa.Table.from_batches(pending))
    timestamps = table.column(TIMESTAMP)
    dated = table.num_rows - timestamps.null_count
    if dated < table.num_rows:
        without_time.extend(table.slice(dated).to_batches())
        table = table.slice(0, dated)
    if bound is None:
        return _batches(table), []
    values = table.column(TIMESTAMP).cast(pa.int64()).to_numpy()
    cut = int(np.searchsorted(values, bound))
    return _batches(table.slice(0, cut)), _batches(table.slice(cut)) if cut < len(values) else []


def _batches(table: pa.Table) -> list[pa.RecordBatch]:
    # A table without rows keeps its schema in one batch.
    return table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
