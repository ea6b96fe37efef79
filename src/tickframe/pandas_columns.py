"""Arrow columns as pandas arrays that can be written to, without a Python object per value."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

__all__ = ["date_to_nanoseconds", "to_pandas_array", "writable_values"]

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
