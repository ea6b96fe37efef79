"""Convert Arrow tables to DataFrames.

==================  ============================  ===========================
Arrow               pandas (default)              null
==================  ============================  ===========================
int64               Int64                         NA
double              float64                       NaN
string              str (object before pandas 3)  NaN (None before pandas 3)
dictionary          category                      NaN
bool                bool                          NA (boolean if there is one)
date32              datetime64[ns]                NaT
duration[ns]        timedelta64[ns]               NaT
timestamp[ns]       datetime64[ns]                NaT
timestamp[ns, tz]   datetime64[ns, tz]            NaT
==================  ============================  ===========================

With ``dtype_backend="numpy"`` int64 is int64 and bool is bool, which have no null.
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

DtypeBackend = Literal["numpy", "numpy_nullable", "pyarrow"]
Nulls = Literal["nan"]

# What this pandas makes of strings: str, and before pandas 3 object.
_STRING = pd.Series([""]).dtype

_NULLABLE_DTYPES: dict[pa.DataType, pd.api.extensions.ExtensionDtype] = {
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
}

# From here on float64 has no value for some integers.
_LARGEST_EXACT = 2.0**53

# Starting threads takes longer than copying fewer rows.
_FEWEST_ROWS_FOR_THREADS = 500_000


def to_dataframe(
    table: pa.Table,
    *,
    index: str | None = None,
    dtype_backend: DtypeBackend | None = None,
    nulls: Nulls | None = None,
    consume: bool = False,
) -> pd.DataFrame:
    """Convert a table to a writable DataFrame.

    Parameters
    ----------
    table
        The table.
    index
        The name of a column of timestamps that becomes the index: a ``DatetimeIndex`` of this name, in
        nanoseconds and in the time zone of the column. If omitted, the index is a ``RangeIndex``.
    dtype_backend
        ``"numpy_nullable"`` or ``"pyarrow"``, as in pandas, or ``"numpy"``: integers are int64 and
        bools bool, and all else is as by default. If omitted, dtypes are those of the table above. It
        does not affect the index.
    nulls
        ``"nan"`` makes integers and bools with nulls float64 with NaN. Only with ``dtype_backend="numpy"``,
        where such a column is otherwise an error.
    consume
        Whether the frame may take over the memory of the table, or free each chunk as soon as it is copied.
        Only for a table to whose data there is no other reference: writing to the frame changes it.
        Memory is freed during the conversion if the caller keeps no reference to the table either.

    Raises
    ------
    ValueError
        If an option is invalid, a date is outside the range of 64 bits of nanoseconds (1677 to 2262), or
        with ``dtype_backend="numpy"`` a column has nulls or an integer that no float64 equals.
    """
    check_conversion(dtype_backend, nulls)
    names = [name for name in table.column_names if name != index]
    rows: pd.Index[Any] = pd.RangeIndex(table.num_rows)
    if dtype_backend == "pyarrow":
        frame: pd.DataFrame = table.select(names).to_pandas(types_mapper=pd.ArrowDtype)
        frame.index = rows if index is None else _timestamp_index(_Column(table.column(index), index), consume=consume)
        return frame
    columns = {name: _Column(table.column(name), name) for name in table.column_names}
    # Chunks are freed one by one.
    del table
    if index is not None:
        rows = _timestamp_index(columns.pop(index), consume=consume)
    arrays = {name: _to_array(columns.pop(name), dtype_backend, nulls, consume=consume) for name in names}
    return pd.DataFrame(arrays, index=rows, columns=names, copy=False)


def check_conversion(dtype_backend: str | None, nulls: str | None) -> None:
    """Check the options of a conversion before there is a table.

    Raises
    ------
    ValueError
        If the backend or ``nulls`` is unknown, or ``nulls`` is given for another backend than ``"numpy"``.
    """
    if dtype_backend is not None and dtype_backend not in get_args(DtypeBackend):
        raise ValueError(f"invalid dtype_backend {dtype_backend!r}: expected 'numpy', 'numpy_nullable' or 'pyarrow'")
    if nulls not in (None, "nan"):
        raise ValueError(f"invalid nulls {nulls!r}: expected 'nan'")
    if nulls is not None and dtype_backend != "numpy":
        raise ValueError(
            f"nulls={nulls!r} is for the integers of dtype_backend='numpy', others have real nulls: omit nulls, "
            "or use dtype_backend='numpy'"
        )


def to_pandas_array(column: pa.ChunkedArray, name: str) -> Any:
    """Convert a column to the array of a DataFrame's column, with the default dtypes.

    Parameters
    ----------
    column
        The column.
    name
        Its name, for errors.

    Returns
    -------
    numpy.ndarray or pandas.api.extensions.ExtensionArray
        As in the table above, or objects for any other type. It is writable.

    Raises
    ------
    ValueError
        If a date is outside the range of 64 bits of nanoseconds.
    """
    return _to_array(_Column(column, name), None, None, consume=False)


class _Column:
    """A column whose chunks are let go as they are copied.

    Attributes
    ----------
    name, type, rows
        Its name, type and number of rows.
    chunks
        The chunks that are not copied yet, each after its first row.
    """

    def __init__(self, column: pa.ChunkedArray, name: str) -> None:
        self.name, self.type, self.rows = name, column.type, len(column)
        first_rows = itertools.accumulate(map(len, column.chunks), initial=0)
        self.chunks = deque(
            (first, chunk) for first, chunk in zip(first_rows, column.chunks, strict=False) if len(chunk)
        )

    @property
    def null_count(self) -> int:
        """The number of nulls in the chunks."""
        return sum(chunk.null_count for _, chunk in self.chunks)

    def to_arrow(self) -> pa.ChunkedArray:
        """Return the chunks as a column of Arrow."""
        return pa.chunked_array([chunk for _, chunk in self.chunks], self.type)

    def copy_chunks(self, copy: Callable[[pa.Array, slice], None]) -> None:
        """Call a function with each chunk and the rows it has in the column, on several threads if there are many.

        Parameters
        ----------
        copy
            The function. It keeps no reference to the chunk.
        """

        def copy_remaining() -> None:
            while True:
                try:
                    first, chunk = self.chunks.popleft()
                except IndexError:
                    return
                copy(chunk, slice(first, first + len(chunk)))

        threads = min(len(self.chunks), os.cpu_count() or 1) if self.rows >= _FEWEST_ROWS_FOR_THREADS else 1
        if threads == 1:
            copy_remaining()
            return
        with ThreadPoolExecutor(threads, "tickframe-copy") as pool:
            for copied in [pool.submit(copy_remaining) for _ in range(threads)]:
                copied.result()


def _to_array(column: _Column, dtype_backend: DtypeBackend | None, nulls: Nulls | None, *, consume: bool) -> Any:
    """Return the array of a DataFrame's column for any backend but ``"pyarrow"``."""
    kind = column.type
    if dtype_backend == "numpy_nullable" and kind in _NULLABLE_DTYPES:
        return column.to_arrow().to_pandas(types_mapper=_NULLABLE_DTYPES.get).array
    if pa.types.is_dictionary(kind):
        return _categories(column)
    if pa.types.is_string(kind):
        strings = column.to_arrow()
        return pd.array(strings, dtype=_STRING) if isinstance(_STRING, pd.StringDtype) else strings.to_pandas().array
    if pa.types.is_date32(kind):
        return _dates(column)
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return _timestamps(column, consume=consume)
    if kind == pa.duration("ns"):
        return _values(column, "timedelta64[ns]", np.timedelta64("NaT", "ns"), consume=consume)
    if kind == pa.float64():
        return _values(column, "float64", np.nan, consume=consume)
    if dtype_backend == "numpy" and kind in (pa.int64(), pa.bool_()) and column.null_count:
        return _integers_as_floats(column, nulls)
    if kind == pa.int64():
        null = np.zeros(column.rows, np.bool_)
        integers = _values(column, "int64", None, null=null, consume=consume)
        return integers if dtype_backend == "numpy" else pd.arrays.IntegerArray(integers, null)
    if kind == pa.bool_():
        return _booleans(column)
    return column.to_arrow().to_pandas().to_numpy()


def _values(
    column: _Column, dtype: str, null_value: object, *, null: npt.NDArray[np.bool_] | None = None, consume: bool
) -> npt.NDArray[Any]:
    """Return the stored values of a column of fixed width.

    Parameters
    ----------
    column
        The column.
    dtype
        The dtype of the stored values.
    null_value
        Replaces nulls, unless ``null`` is given.
    null
        Is set to True where there is a null; the values there are arbitrary.
    consume
        Whether the memory of the only chunk may be taken over.
    """
    taken = _mutable_memory(column, dtype) if consume else None
    values = np.empty(column.rows, dtype) if taken is None else taken

    def copy(chunk: pa.Array, rows: slice) -> None:
        if taken is None:
            values[rows] = _stored(chunk, dtype)
        if chunk.null_count and null is not None:
            null[rows] = _is_null(chunk)
        elif chunk.null_count:
            values[rows][_is_null(chunk)] = null_value

    column.copy_chunks(copy)
    return values


def _mutable_memory(column: _Column, dtype: str) -> npt.NDArray[Any] | None:
    """Return the stored values of the only chunk if they can be written to."""
    if len(column.chunks) != 1:
        return None
    values = _stored(column.chunks[0][1], dtype)
    return values if values.flags.writeable else None


def _stored(chunk: pa.Array, dtype: str) -> npt.NDArray[Any]:
    """Return the stored values of a chunk of fixed width, arbitrary ones for nulls, without a copy."""
    stored = np.dtype(dtype)
    return np.frombuffer(chunk.buffers()[1], stored, len(chunk), chunk.offset * stored.itemsize)


def _is_null(chunk: pa.Array) -> npt.NDArray[np.bool_]:
    """Return where a chunk that has nulls has them."""
    return np.logical_not(_bits(chunk.buffers()[0], chunk))


def _bits(buffer: pa.Buffer, chunk: pa.Array) -> npt.NDArray[np.bool_]:
    """Return a bitmap of a chunk: whether its values are valid or, of a chunk of bools, the values."""
    first_byte, first_bit = divmod(chunk.offset, 8)
    packed = np.frombuffer(buffer, np.uint8, offset=first_byte)
    return np.unpackbits(packed, count=first_bit + len(chunk), bitorder="little")[first_bit:].view(np.bool_)


def _timestamps(column: _Column, *, consume: bool) -> Any:
    values = _values(column, "datetime64[ns]", np.datetime64("NaT", "ns"), consume=consume)
    if column.type.tz is None:
        return values
    # With a time zone, pandas reads integers as UTC and datetime64 as wall-clock times.
    return pd.DatetimeIndex(values.view(np.int64), dtype=pd.DatetimeTZDtype("ns", column.type.tz), copy=False).array


def _timestamp_index(column: _Column, *, consume: bool) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(_timestamps(column, consume=consume), name=column.name, copy=False)


def _dates(column: _Column) -> npt.NDArray[Any]:
    """Return the midnights at which dates begin."""
    dates = np.empty(column.rows, "datetime64[ns]")

    def copy(chunk: pa.Array, rows: slice) -> None:
        dates[rows] = chunk.cast(pa.timestamp("ns")).to_numpy(zero_copy_only=False)

    try:
        column.copy_chunks(copy)
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"column {column.name!r} has a date outside the range of 64 bits of nanoseconds (1677 to 2262): "
            "use to_arrow(), which keeps dates as days"
        ) from error
    return dates


def _booleans(column: _Column) -> Any:
    """Return bools, nullable ones if there is a null."""
    values = np.empty(column.rows, np.bool_)
    null = np.zeros(column.rows, np.bool_) if column.null_count else None

    def copy(chunk: pa.Array, rows: slice) -> None:
        values[rows] = _bits(chunk.buffers()[1], chunk)
        if null is not None and chunk.null_count:
            null[rows] = _is_null(chunk)

    column.copy_chunks(copy)
    return values if null is None else pd.arrays.BooleanArray(values, null)


def _integers_as_floats(column: _Column, nulls: Nulls | None) -> npt.NDArray[np.float64]:
    """Return integers or bools as floats, and nulls as NaN.

    Raises
    ------
    ValueError
        If nulls may not become NaN, or no float equals an integer.
    """
    if nulls is None:
        raise ValueError(
            f"column {column.name!r} has {column.null_count:,} nulls, which NumPy's {column.type} has not: use "
            "nulls='nan', which makes it float64 with NaN, or another dtype_backend"
        )
    floats = np.empty(column.rows, np.float64)

    def copy(chunk: pa.Array, rows: slice) -> None:
        integers = chunk.cast(pa.int64()).fill_null(0).to_numpy()
        floats[rows] = integers
        if (changed := _changed(integers, floats[rows])) is not None:
            raise ValueError(
                f"column {column.name!r} has nulls and the integer {changed}, which no float64 equals: use another "
                "dtype_backend, which keeps nulls and integers"
            )
        if chunk.null_count:
            floats[rows][_is_null(chunk)] = np.nan

    column.copy_chunks(copy)
    return floats


def _changed(integers: npt.NDArray[np.int64], floats: npt.NDArray[np.float64]) -> int | None:
    """Return the first integer that is not equal to its float."""
    [large] = np.nonzero(np.abs(floats) >= _LARGEST_EXACT)
    return next((integer for row in large if (integer := int(integers[row])) != int(floats[row])), None)


def _categories(column: _Column) -> pd.Categorical:
    dictionaries = [chunk.dictionary for _, chunk in column.chunks] or [pa.array([], column.type.value_type)]
    labels = dictionaries[0]
    is_shared = all(dictionary.equals(labels) for dictionary in dictionaries)
    if not is_shared:
        labels = pa.chunked_array(dictionaries).unique()
    categories = pd.Index(labels.to_pandas(), dtype=_STRING)
    # The smallest integers that pandas uses for so many categories.
    codes = np.empty(column.rows, pd.Categorical([], categories=categories).codes.dtype)
    stored_dtype = np.dtype(column.type.index_type.to_pandas_dtype()).name

    def copy(chunk: pa.Array, rows: slice) -> None:
        stored = _stored(chunk.indices, stored_dtype)
        if is_shared:
            codes[rows] = stored
        else:
            # The stored index of a null is arbitrary.
            codes[rows] = np.append(pc.index_in(chunk.dictionary, labels), -1).take(stored, mode="clip")
        if chunk.null_count:
            codes[rows][_is_null(chunk.indices)] = -1

    column.copy_chunks(copy)
    return pd.Categorical.from_codes(codes, categories=categories, validate=False)
