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

_NANOSECONDS = pa.timestamp("ns")
_STRING = pd.StringDtype(na_value=np.nan)


def to_pandas_array(column: pa.ChunkedArray, name: str, *, consume: bool) -> Any:
    """Return a column as what a DataFrame's column is made of.

    Parameters
    ----------
    column
        The column.
    name
        Its name, for errors.
    consume
        Whether the column's memory may be taken over, because nobody else holds it.

    Returns
    -------
    numpy.ndarray or pandas.api.extensions.ExtensionArray
        Int64, float64, str, category, bool (boolean where a value is missing), datetime64[ns],
        timedelta64[ns], or objects for anything else.

    Raises
    ------
    ValueError
        If a date lies outside what 64 bits of nanoseconds can hold.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _categories(column)
    if pa.types.is_string(kind):
        return pd.array(column, dtype=_STRING)
    if pa.types.is_boolean(kind):
        return _booleans(column)
    if pa.types.is_date32(kind):
        column, consume = date_to_nanoseconds(column, name), True
        kind = column.type
    if pa.types.is_int64(kind):
        values, null = _fixed_width(column, np.dtype(np.int64), consume=consume)
        return pd.arrays.IntegerArray(values, np.zeros(len(values), np.bool_) if null is None else null)
    for is_kind, dtype, null_value in _WITH_A_NULL_OF_THEIR_OWN:
        if is_kind(kind):
            values, null = _fixed_width(column, np.dtype(dtype), consume=consume)
            if null is not None:
                values[np.flatnonzero(null)] = null_value
            return values
    return column.to_pandas().to_numpy()


def date_to_nanoseconds(dates: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Return dates as the nanoseconds of their midnights.

    Raises
    ------
    ValueError
        If a date lies outside what 64 bits of nanoseconds can hold.
    """
    try:
        return dates.cast(_NANOSECONDS)
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"column {name!r} holds a date that 64 bits of nanoseconds cannot (1677 to 2262): "
            "take to_arrow(), which keeps days as they are"
        ) from error


_WITH_A_NULL_OF_THEIR_OWN = (
    (pa.types.is_float64, "float64", np.nan),
    (pa.types.is_duration, "timedelta64[ns]", np.timedelta64("NaT", "ns")),
    (pa.types.is_timestamp, "datetime64[ns]", np.datetime64("NaT", "ns")),
)


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def writable_values(array: pa.Array, dtype: np.dtype[Any], *, consume: bool) -> npt.NDArray[Any]:
    """Return what an array of fixed width stores, whatever is null.

    Parameters
    ----------
    array
        The array.
    dtype
        What its values are read as.
    consume
        Whether its memory may be taken over instead of being copied.
    """
    buffer = array.buffers()[1]
    if buffer is None:
        return np.empty(0, dtype)
    values = np.frombuffer(buffer, dtype, len(array), array.offset * dtype.itemsize)
    return values if consume and buffer.is_mutable else values.copy()


def _fixed_width(
    column: pa.ChunkedArray, dtype: np.dtype[Any], *, consume: bool
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
    """Return the values, which can be written to, and where they are null."""
    array = _one_chunk(column)
    consume = consume or column.num_chunks > 1
    return writable_values(array, dtype, consume=consume), _null_mask(array)


def _null_mask(array: pa.Array) -> npt.NDArray[np.bool_] | None:
    """Return where an array is null, None where it is not."""
    if not array.null_count:
        return None
    bits = np.frombuffer(array.buffers()[0], np.uint8)
    valid = np.unpackbits(bits, bitorder="little", count=array.offset + len(array))[array.offset :]
    return np.equal(valid, 0)


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
