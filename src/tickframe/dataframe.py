"""Arrow tables as DataFrames.

==================  ===================  =====================
Arrow               pandas (default)     null
==================  ===================  =====================
int64               Int64                NA
double              float64              NaN
string              str                  NaN
dictionary          category             NaN
bool                bool                 (boolean where a value is missing)
date32              datetime64[ns]       NaT
duration[ns]        timedelta64[ns]      NaT
timestamp[ns]       datetime64[ns]       NaT
==================  ===================  =====================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["DtypeBackend", "to_dataframe"]

DtypeBackend = Literal["numpy_nullable", "pyarrow"]

_NULLABLE_DTYPES: dict[pa.DataType, pd.api.extensions.ExtensionDtype] = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
}

_NANOSECONDS = pa.timestamp("ns")


def to_dataframe(
    table: pa.Table,
    *,
    timestamp: tuple[str, str] | None = None,
    dtype_backend: DtypeBackend | None = None,
    tz: str | None = None,
) -> pd.DataFrame:
    """Convert a table to a DataFrame that owns its memory and can be written to.

    Parameters
    ----------
    table
        The table.
    timestamp
        The date column and the time column that become the index: a ``DatetimeIndex`` in
        nanoseconds, named ``timestamp``, the sum of both. Left out, the columns stay and rows are
        numbered.
    dtype_backend
        As in pandas: ``"numpy_nullable"`` or ``"pyarrow"``. Left out, the table above holds. The
        index is the same whatever the backend.
    tz
        The time zone to which the index is localized; left out, it stays without one.

    Raises
    ------
    ValueError
        If the backend is unknown, ``tz`` has no index to apply to, a date lies outside what 64 bits
        of nanoseconds can hold (1677 to 2262), or a time of day does not exist or is ambiguous in
        the time zone.
    """
    if dtype_backend not in (None, "numpy_nullable", "pyarrow"):
        raise ValueError(f"dtype_backend {dtype_backend!r} is neither 'numpy_nullable' nor 'pyarrow'")
    if tz is not None and timestamp is None:
        raise ValueError("tz localizes the timestamp index, and this frame has none")
    index: pd.DatetimeIndex | None = None
    if timestamp is not None:
        index = _timestamp_index(table, timestamp, tz)
        table = table.drop_columns(list(timestamp))
    frame: pd.DataFrame
    if dtype_backend == "pyarrow":
        frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    else:
        table = _dates_to_nanoseconds(table).unify_dictionaries()
        frame = table.to_pandas(types_mapper=_types_mapper(table, dtype_backend))
    if index is not None:
        frame.index = index
    return frame


def _types_mapper(
    table: pa.Table, dtype_backend: DtypeBackend | None
) -> Callable[[pa.DataType], pd.api.extensions.ExtensionDtype | None]:
    if dtype_backend == "numpy_nullable":
        return _NULLABLE_DTYPES.get
    dtypes: dict[pa.DataType, pd.api.extensions.ExtensionDtype] = {
        pa.int64(): pd.Int64Dtype(),
        pa.string(): pd.StringDtype(na_value=np.nan),
    }
    if any(pa.types.is_boolean(column.type) and column.null_count for column in table.columns):
        dtypes[pa.bool_()] = pd.BooleanDtype()
    return dtypes.get


def _dates_to_nanoseconds(table: pa.Table) -> pa.Table:
    for position, field in enumerate(table.schema):
        if pa.types.is_date32(field.type):
            table = table.set_column(position, field.name, _to_nanoseconds(table.column(position), field.name))
    return table


def _to_nanoseconds(dates: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    try:
        return dates.cast(_NANOSECONDS)
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"column {name!r} holds a date that 64 bits of nanoseconds cannot (1677 to 2262): "
            "take to_arrow(), which keeps days as they are"
        ) from error


def _timestamp_index(table: pa.Table, timestamp: tuple[str, str], tz: str | None) -> pd.DatetimeIndex:
    date, time = timestamp
    midnight = _to_nanoseconds(table.column(date), date)
    moments = pc.add_checked(midnight, table.column(time))
    values = np.array(moments.to_numpy(), dtype="datetime64[ns]")
    index = pd.DatetimeIndex(values, name="timestamp", copy=False)
    return index if tz is None else index.tz_localize(tz)
