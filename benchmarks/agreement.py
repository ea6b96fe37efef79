"""Check that all decoders read the same values, with the types that each of them claims."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.decoders import Decoder, Product
from benchmarks.frames import Frame, ResponseKind

_NULL_INT32 = -(2**31)
_NULL_INT64 = -(2**63)


def check(decoders: Iterable[Decoder], frame: Frame) -> None:
    """Compare what each decoder reads with what was written.

    Raises
    ------
    AssertionError
        If a value, a null, a dictionary or a type differs.
    """
    for decoder in decoders:
        for what, is_equal in _comparisons(decoder, frame):
            if not is_equal:
                raise AssertionError(f"{decoder.name} reads {what} of {frame.kind.name} differently than written")


def _comparisons(decoder: Decoder, frame: Frame) -> Iterable[tuple[str, bool]]:
    """Yield what is compared, and whether it is equal."""
    product = decoder.decode(frame.framed, frame.kind)
    if decoder.product is Product.BYTES:
        yield "bytes", memoryview(product) == memoryview(frame.framed)
        return
    table = _table(product, frame.kind) if isinstance(product, pd.DataFrame) else product
    yield "names", sorted(table.column_names) == sorted(frame.table.column_names)
    for name in frame.table.column_names:
        written, read = frame.table.column(name), table.column(name)
        yield name, _plain(read, written.type).equals(_plain(written, written.type))
        yield f"nulls of {name}", _null_count(read, decoder) == (written.null_count if decoder.typed else 0)
        if pa.types.is_dictionary(written.type):
            yield f"labels of {name}", pa.types.is_dictionary(read.type) == decoder.typed
        if pa.types.is_temporal(written.type):
            yield f"type of {name}", pa.types.is_temporal(read.type) == decoder.typed


def _null_count(column: pa.ChunkedArray, decoder: Decoder) -> int:
    """Count nulls; in a DataFrame's float column they are NaN."""
    counts_nan = decoder.product is Product.DATAFRAME and decoder.typed and pa.types.is_floating(column.type)
    return int(pc.sum(column.is_null(nan_is_null=counts_nan)).as_py())


def _plain(column: pa.ChunkedArray, written: pa.DataType) -> pa.Array:
    """Convert a column to strings, or to integers with sentinels as on the wire."""
    if pa.types.is_dictionary(written) or pa.types.is_string(written):
        return column.cast(pa.string()).combine_chunks()
    if pa.types.is_floating(written):
        doubles = pc.fill_null(column, float("nan")).to_numpy()
        return pa.array(np.where(np.isnan(doubles), np.nan, doubles).view(np.int64))
    if pa.types.is_date32(written):
        days = column if pa.types.is_integer(column.type) else column.cast(pa.date32())
        return pc.fill_null(days.cast(pa.int32()), _NULL_INT32).combine_chunks()
    return pc.fill_null(column.cast(pa.int64()), _NULL_INT64).combine_chunks()


def _table(frame: pd.DataFrame, kind: ResponseKind) -> pa.Table:
    """Convert a DataFrame to Arrow, its index to date and time."""
    columns = {name: _array(values) for name, values in frame.items()}
    if isinstance(frame.index, pd.DatetimeIndex) and kind.timestamp:
        date, time = kind.timestamp
        midnight = frame.index.normalize()
        columns[date] = _array(midnight)
        columns[time] = _array(frame.index - midnight)
    return pa.table(columns)


def _array(values: pd.Series | pd.Index) -> pa.Array:
    # NaN is kept: whether it is a null depends on the decoder.
    return pa.array(values.to_numpy() if values.dtype == np.float64 else values)
