"""Whether every way reads the same values, and delivers what is said of it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.frames import Answer, Frame
from benchmarks.ways import Product, Way

__all__ = ["DisagreementError", "check"]

_NULL_INT32 = -(2**31)
_NULL_INT64 = -(2**63)


class DisagreementError(AssertionError):
    """A way reads other values than were written."""


def check(ways: Iterable[Way], frame: Frame) -> None:
    """Compare what each way reads with what was written.

    Raises
    ------
    DisagreementError
        If a value, a null, a label's dictionary or a type is not as the way says.
    """
    for way in ways:
        product = way.run(frame.framed, frame.answer)
        if way.product is Product.BYTES:
            _agree(memoryview(product) == memoryview(frame.framed), way, frame, "bytes")
            continue
        table = _columns(product, frame.answer) if isinstance(product, pd.DataFrame) else product
        _agree(sorted(table.column_names) == sorted(frame.table.column_names), way, frame, "names")
        for name in frame.table.column_names:
            written, read = frame.table.column(name), table.column(name)
            _agree(_plain(read, written.type).equals(_plain(written, written.type)), way, frame, name)
            _agree(_is_null(read, way) == (written.null_count if way.nulls else 0), way, frame, f"nulls of {name}")
            if pa.types.is_dictionary(written.type):
                _agree(pa.types.is_dictionary(read.type) == way.labels, way, frame, f"labels of {name}")
            if pa.types.is_temporal(written.type):
                _agree(pa.types.is_temporal(read.type) == way.types, way, frame, f"type of {name}")


def _agree(same: bool, way: Way, frame: Frame, what: str) -> None:
    if not same:
        raise DisagreementError(f"{way.name} reads {what} of {frame.answer.name} otherwise than written")


def _is_null(column: pa.ChunkedArray, way: Way) -> int:
    """Count nulls; a DataFrame's double has no other null than NaN."""
    counts_nan = way.product is Product.DATAFRAME and way.nulls and pa.types.is_floating(column.type)
    return int(pc.sum(column.is_null(nan_is_null=counts_nan)).as_py())


def _plain(column: pa.ChunkedArray, written: pa.DataType) -> pa.Array:
    """Bring a column to strings, or to the bits of 64-bit numbers with sentinels, as the wire has them."""
    if pa.types.is_dictionary(written) or pa.types.is_string(written):
        return column.cast(pa.string()).combine_chunks()
    if pa.types.is_floating(written):
        doubles = pc.fill_null(column, float("nan")).to_numpy()
        return pa.array(np.where(np.isnan(doubles), np.nan, doubles).view(np.int64))
    if pa.types.is_date32(written):
        days = (
            column.cast(pa.int32()) if pa.types.is_integer(column.type) else column.cast(pa.date32()).cast(pa.int32())
        )
        return pc.fill_null(days, _NULL_INT32).combine_chunks()
    return pc.fill_null(column.cast(pa.int64()), _NULL_INT64).combine_chunks()


def _columns(frame: pd.DataFrame, answer: Answer) -> pa.Table:
    """Take a DataFrame apart, its index into date and time."""
    columns = {name: _series(values) for name, values in frame.items()}
    if isinstance(frame.index, pd.DatetimeIndex) and answer.timestamp:
        date, time = answer.timestamp
        midnight = frame.index.normalize()
        columns[date] = _series(midnight)
        columns[time] = _series(frame.index - midnight)
    return pa.table(columns)


def _series(values: pd.Series | pd.Index) -> pa.Array:
    # NaN stays NaN: whether it stands for a null is the way's to say.
    return pa.array(values.to_numpy() if values.dtype == np.float64 else values)
