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


def to_dataframe(
    table: pa.Table,
    *,
    index: str | None = None,
    dtype_backend: DtypeBackend | None = None,
    nulls: Literal["nan"] | None = None,
    consume: bool = False,
) -> pd.DataFrame:
    """Convert a table to a writable DataFrame.

    Parameters
    ----------
    table
        The table.
    index
        The timestamp column that becomes the index, a ``DatetimeIndex`` in nanoseconds of its name. If
        omitted, the index is a ``RangeIndex``.
    dtype_backend
        As in pandas: ``"numpy_nullable"`` or ``"pyarrow"``. If omitted, dtypes are those of the
        table above. It does not affect the index.
    consume
        Whether the frame may take over the memory of the table instead of copying it. Only for a table
        to whose data there is no other reference: writing to the frame changes it.

    Raises
    ------
    ValueError
        If an option is unknown, or a date is outside the range of 64 bits of nanoseconds (1677 to 2262).
    """
    check_conversion(dtype_backend, nulls)
    rows: pd.Index[Any] = pd.RangeIndex(table.num_rows)
    if index is not None:
        rows = _timestamp_index(table.column(index), index, consume=consume)
        table = table.drop_columns([index])
    if dtype_backend == "pyarrow":
        frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        frame.index = rows
        return frame
    convert = partial(to_pandas_array, consume=consume) if dtype_backend is None else _to_nullable_array
    columns = {name: convert(table.column(name), name) for name in table.column_names}
    return pd.DataFrame(columns, index=rows, columns=table.column_names, copy=False)


def check_conversion(dtype_backend: str | None, nulls: str | None) -> None:
    """Check the options of a conversion before there is a table.

    Raises
    ------
    ValueError
        If one is unknown.
    """
    if nulls is not None:
        raise ValueError(f"invalid nulls {nulls!r}: it needs dtype_backend='numpy'")
    if dtype_backend not in (None, "numpy_nullable", "pyarrow"):
        raise ValueError(f"invalid dtype_backend {dtype_backend!r}: expected 'numpy_nullable' or 'pyarrow'")


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


def _timestamp_index(column: pa.ChunkedArray, name: str, *, consume: bool) -> pd.DatetimeIndex:
    values, null = _fixed_width(column, np.dtype("datetime64[ns]"), consume=consume)
    if null is not None:
        values[np.flatnonzero(null)] = np.datetime64("NaT", "ns")
    rows = pd.DatetimeIndex(values, name=name, copy=False)
    return rows if column.type.tz is None else rows.tz_localize("UTC").tz_convert(column.type.tz)
