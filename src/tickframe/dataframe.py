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

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.pandas_columns import date_to_nanoseconds, to_pandas_array, writable_values

__all__ = ["DtypeBackend", "to_dataframe"]

DtypeBackend = Literal["numpy_nullable", "pyarrow"]

_NULLABLE_DTYPES: dict[pa.DataType, pd.api.extensions.ExtensionDtype] = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
}

_NANOSECONDS_PER_DAY = 86_400 * 10**9
_NAT = -(2**63)


def to_dataframe(
    table: pa.Table,
    *,
    timestamp: tuple[str, str] | None = None,
    dtype_backend: DtypeBackend | None = None,
    tz: str | None = None,
    consume: bool = False,
) -> pd.DataFrame:
    """Convert a table to a DataFrame that can be written to.

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
    consume
        Whether the frame may take over the table's memory instead of copying it. Only for a table
        that nobody else holds, whole or in part: writing to the frame changes it.

    Raises
    ------
    ValueError
        If the backend is unknown, ``tz`` has no index to apply to, a date lies outside what 64 bits
        of nanoseconds can hold (1677 to 2262), or a time of day does not exist or is ambiguous in
        the time zone.
    """
    check_conversion(dtype_backend, tz, has_index=timestamp is not None)
    index: pd.DatetimeIndex | None = None
    if timestamp is not None:
        index = _timestamp_index(table, timestamp, tz, consume=consume)
        table = table.drop_columns(list(timestamp))
    frame = _convert(table, dtype_backend, consume=consume)
    if index is not None:
        frame.index = index
    return frame


def check_conversion(dtype_backend: str | None, tz: str | None, *, has_index: bool) -> None:
    """Check how a table is to be converted, before there is one.

    Raises
    ------
    ValueError
        If the backend or the time zone is unknown, or a time zone has no index to apply to.
    """
    if dtype_backend not in (None, "numpy_nullable", "pyarrow"):
        raise ValueError(f"dtype_backend {dtype_backend!r} is neither 'numpy_nullable' nor 'pyarrow'")
    if tz is None:
        return
    if not has_index:
        raise ValueError(
            "tz localizes the timestamp index, and this frame has none: leave out tz, or take index='timestamp'"
        )
    try:
        pd.DatetimeIndex([]).tz_localize(tz)
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(f"tz {tz!r} is no time zone: give a name such as 'Europe/Berlin'") from error


def _convert(table: pa.Table, dtype_backend: DtypeBackend | None, *, consume: bool) -> pd.DataFrame:
    frame: pd.DataFrame
    if dtype_backend == "pyarrow":
        frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    elif dtype_backend == "numpy_nullable":
        names = table.column_names
        columns = {name: _nullable_column(table.column(name), name) for name in names}
        frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), columns=names, copy=False)
    else:
        names = table.column_names
        arrays = {name: to_pandas_array(table.column(name), name, consume=consume) for name in names}
        frame = pd.DataFrame(arrays, index=pd.RangeIndex(table.num_rows), columns=names, copy=False)
    return frame


def _nullable_column(column: pa.ChunkedArray, name: str) -> Any:
    if column.type in _NULLABLE_DTYPES:
        return column.to_pandas(types_mapper=_NULLABLE_DTYPES.get).array
    return to_pandas_array(column, name, consume=False)


def _timestamp_index(table: pa.Table, timestamp: tuple[str, str], tz: str | None, *, consume: bool) -> pd.DatetimeIndex:
    date, time = timestamp
    parts = [
        _moments(batch.column(0), batch.column(1), date, consume=consume)
        for batch in table.select([date, time]).to_batches()
    ]
    moments = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.int64), *parts])
    index = pd.DatetimeIndex(moments.view("datetime64[ns]"), name="timestamp", copy=False)
    return index if tz is None else index.tz_localize(tz)


def _moments(dates: pa.Array, times: pa.Array, name: str, *, consume: bool) -> npt.NDArray[np.int64]:
    """Return date plus time in nanoseconds, NaT where either is null."""
    if len(dates) and not dates.null_count and not times.null_count:
        days = dates.view(pa.int32()).to_numpy()
        midnight = int(days[0]) * _NANOSECONDS_PER_DAY
        since_midnight = writable_values(times, np.dtype(np.int64), consume=consume)
        # Most answers are of one day, for which one sum is enough; it must not wrap around either.
        if _NAT < midnight < 2**63 and (days == days[0]).all() and _is_timestamp(midnight, since_midnight):
            since_midnight += midnight
            return since_midnight
    midnights = date_to_nanoseconds(pa.chunked_array([dates]), name).combine_chunks()
    try:
        sums = pc.add_checked(midnights, times).cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"column {name!r} and its time add up to more than 64 bits of nanoseconds hold: take index=None"
        ) from error
    moments: npt.NDArray[np.int64] = sums.fill_null(_NAT).to_numpy()
    return moments


def _is_timestamp(midnight: int, since_midnight: npt.NDArray[np.int64]) -> bool:
    """Say whether the sums fit 64 bits; the least such integer is NaT."""
    return midnight + int(since_midnight.min()) > _NAT and midnight + int(since_midnight.max()) < 2**63
