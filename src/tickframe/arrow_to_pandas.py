"""Convert Arrow tables to DataFrames.

==================  ===================  ===========================
Arrow               pandas (default)     null
==================  ===================  ===========================
int64               Int64                NA
double              float64              NaN
string              str                  NaN
dictionary          category             NaN
bool                bool                 NA (boolean if there is one)
date32              datetime64[ns]       NaT
duration[ns]        timedelta64[ns]      NaT
timestamp[ns]       datetime64[ns]       NaT
==================  ===================  ===========================
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

DtypeBackend = Literal["numpy_nullable", "pyarrow"]

_STRING = pd.StringDtype(na_value=np.nan)

_NULLABLE_DTYPES: dict[pa.DataType, pd.api.extensions.ExtensionDtype] = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
}

# Types whose null is one of their values.
_NULL_VALUES = (
    (pa.types.is_float64, "float64", np.nan),
    (pa.types.is_duration, "timedelta64[ns]", np.timedelta64("NaT", "ns")),
    (pa.types.is_timestamp, "datetime64[ns]", np.datetime64("NaT", "ns")),
)

_NANOSECONDS_PER_DAY = 86_400 * 10**9
_NAT = pd.NaT.value


def to_dataframe(
    table: pa.Table,
    *,
    timestamp: tuple[str, str] | None = None,
    dtype_backend: DtypeBackend | None = None,
    tz: str | None = None,
    consume: bool = False,
) -> pd.DataFrame:
    """Convert a table to a writable DataFrame.

    Parameters
    ----------
    table
        The table.
    timestamp
        The date column and the time column whose sum becomes the index: a ``DatetimeIndex`` in
        nanoseconds, named ``timestamp``. If omitted, both stay columns and the index is a ``RangeIndex``.
    dtype_backend
        As in pandas: ``"numpy_nullable"`` or ``"pyarrow"``. If omitted, dtypes are those of the
        table above. It does not affect the index.
    tz
        The time zone to which the index is localized. If omitted, the index has no time zone.
    consume
        Whether the frame may take over the memory of the table instead of copying it. Only for a table
        to whose data there is no other reference: writing to the frame changes it.

    Raises
    ------
    ValueError
        If the backend is unknown, ``tz`` is given without an index, a date is outside the range of 64
        bits of nanoseconds (1677 to 2262), or a time of day does not exist or is ambiguous in the time
        zone.
    """
    check_conversion(dtype_backend, tz, has_index=timestamp is not None)
    index: pd.Index[Any] = pd.RangeIndex(table.num_rows)
    if timestamp is not None:
        index = _timestamp_index(table, timestamp, tz, consume=consume)
        table = table.drop_columns(list(timestamp))
    if dtype_backend == "pyarrow":
        frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        frame.index = index
        return frame
    convert = partial(to_pandas_array, consume=consume) if dtype_backend is None else _to_nullable_array
    columns = {name: convert(table.column(name), name) for name in table.column_names}
    return pd.DataFrame(columns, index=index, columns=table.column_names, copy=False)


def check_conversion(dtype_backend: str | None, tz: str | None, *, has_index: bool) -> None:
    """Check the options of a conversion before there is a table.

    Raises
    ------
    ValueError
        If the backend or the time zone is unknown, or a time zone is given without an index.
    """
    if dtype_backend not in (None, "numpy_nullable", "pyarrow"):
        raise ValueError(f"invalid dtype_backend {dtype_backend!r}: expected 'numpy_nullable' or 'pyarrow'")
    if tz is None:
        return
    if not has_index:
        raise ValueError("tz localizes the timestamp index, and this frame has none: omit tz, or use index='timestamp'")
    try:
        pd.DatetimeIndex([]).tz_localize(tz)
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(f"invalid tz {tz!r}: expected the name of a time zone, such as 'Europe/Berlin'") from error


def to_pandas_array(column: pa.ChunkedArray, name: str, *, consume: bool) -> Any:
    """Convert a column to the array of a DataFrame's column.

    Parameters
    ----------
    column
        The column.
    name
        Its name, for errors.
    consume
        Whether the array may take over the memory of the column, because there is no other reference to it.

    Returns
    -------
    numpy.ndarray or pandas.api.extensions.ExtensionArray
        Int64, float64, str, category, bool (boolean if there are nulls), datetime64[ns],
        timedelta64[ns], or objects for any other type.

    Raises
    ------
    ValueError
        If a date is outside the range of 64 bits of nanoseconds.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _categories(column)
    if pa.types.is_string(kind):
        return pd.array(column, dtype=_STRING)
    if pa.types.is_boolean(kind):
        return _booleans(column)
    if pa.types.is_date32(kind):
        column, consume = _dates_to_nanoseconds(column, name), True
        kind = column.type
    if pa.types.is_int64(kind):
        values, null = _fixed_width(column, np.dtype(np.int64), consume=consume)
        return pd.arrays.IntegerArray(values, np.zeros(len(values), np.bool_) if null is None else null)
    for is_kind, dtype, null_value in _NULL_VALUES:
        if is_kind(kind):
            values, null = _fixed_width(column, np.dtype(dtype), consume=consume)
            if null is not None:
                values[np.flatnonzero(null)] = null_value
            return values
    return column.to_pandas().to_numpy()


def _to_nullable_array(column: pa.ChunkedArray, name: str) -> Any:
    if column.type in _NULLABLE_DTYPES:
        return column.to_pandas(types_mapper=_NULLABLE_DTYPES.get).array
    return to_pandas_array(column, name, consume=False)


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _categories(column: pa.ChunkedArray) -> pd.Categorical:
    array = _one_chunk(column.unify_dictionaries())
    codes = array.indices.fill_null(-1).to_numpy()
    categories = pd.Index(array.dictionary.to_pandas(), dtype=_STRING)
    return pd.Categorical.from_codes(codes, categories=categories, validate=False)


def _booleans(column: pa.ChunkedArray) -> Any:
    if not column.null_count:
        return column.to_numpy()
    array = _one_chunk(column)
    values = array.fill_null(False).to_numpy(zero_copy_only=False)
    return pd.arrays.BooleanArray(values.copy(), array.is_null().to_numpy(zero_copy_only=False).copy())


def _dates_to_nanoseconds(dates: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    try:
        return dates.cast(pa.timestamp("ns"))
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"column {name!r} has a date outside the range of 64 bits of nanoseconds (1677 to 2262): "
            "use to_arrow(), which keeps dates as days"
        ) from error


def _fixed_width(
    column: pa.ChunkedArray, dtype: np.dtype[Any], *, consume: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
    """Return the values of a column, which are writable, and a mask of its nulls if there are any."""
    array = _one_chunk(column)
    values = _writable_values(array, dtype, consume=consume or column.num_chunks > 1)
    if not array.null_count:
        return values, None
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    valid = np.unpackbits(bits, bitorder="little", count=array.offset + len(array))[array.offset :]
    return values, np.equal(valid, 0)


def _writable_values(array: pa.Array, dtype: np.dtype[Any], *, consume: bool) -> npt.NDArray[Any]:
    """Return the stored values of an array of fixed width, arbitrary ones for nulls."""
    buffer = array.buffers()[1]
    if buffer is None:
        return np.empty(0, dtype)
    values = np.frombuffer(buffer, dtype, len(array), array.offset * dtype.itemsize)
    return values if consume and buffer.is_mutable else values.copy()


def _timestamp_index(table: pa.Table, timestamp: tuple[str, str], tz: str | None, *, consume: bool) -> pd.DatetimeIndex:
    date, time = timestamp
    parts = [
        _timestamps(batch.column(0), batch.column(1), date, consume=consume)
        for batch in table.select([date, time]).to_batches()
    ]
    timestamps = parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.int64), *parts])
    index = pd.DatetimeIndex(timestamps.view("datetime64[ns]"), name="timestamp", copy=False)
    return index if tz is None else index.tz_localize(tz)


def _timestamps(dates: pa.Array, times: pa.Array, name: str, *, consume: bool) -> npt.NDArray[np.int64]:
    """Return date plus time in nanoseconds, NaT if either is null."""
    if len(dates) and not dates.null_count and not times.null_count:
        days = dates.view(pa.int32()).to_numpy()
        if (days == days[0]).all():
            # Most responses are of one day: one addition in place, if it cannot overflow.
            midnight = int(days[0]) * _NANOSECONDS_PER_DAY
            since_midnight = _writable_values(times, np.dtype(np.int64), consume=consume)
            bounds = [midnight, midnight + int(since_midnight.min()), midnight + int(since_midnight.max())]
            if min(bounds) > _NAT and max(bounds) < 2**63:
                since_midnight += midnight
                return since_midnight
    midnights = _dates_to_nanoseconds(pa.chunked_array([dates]), name).combine_chunks()
    try:
        sums = pc.add_checked(midnights, times).cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"column {name!r} and its time of day are outside the range of 64 bits of nanoseconds (1677 to 2262): "
            "use index=None"
        ) from error
    timestamps: npt.NDArray[np.int64] = sums.fill_null(_NAT).to_numpy()
    return timestamps
