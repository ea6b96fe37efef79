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

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
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

_NAT = np.datetime64("NaT", "ns")

# From here on float64 has no value for some integers.
_LARGEST_EXACT = 2.0**53


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
        Whether the frame may take over the memory of a table of one chunk. Only for a table to whose data
        there is no other reference: writing to the frame changes it. The memory of several chunks is freed
        during the conversion if the caller keeps no reference to the table.

    Raises
    ------
    ValueError
        If an option is invalid, a date is outside the range of 64 bits of nanoseconds (1677 to 2262), or
        with ``dtype_backend="numpy"`` a column has nulls or an integer that no float64 equals.
    """
    builder = FrameBuilder(table.schema, index=index, dtype_backend=dtype_backend, nulls=nulls, consume=consume)
    batches = deque(table.to_batches())
    if len(batches) > 1:
        builder.reserve(table.num_rows)
    # Each batch is freed as soon as it is copied.
    del table
    while batches:
        builder.append(batches.popleft())
    return builder.finish()


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


class FrameBuilder:
    """Converts record batches to one DataFrame, each as it arrives, so that they need not exist at once.

    Parameters
    ----------
    schema
        The schema of the batches.
    index, dtype_backend, nulls
        As in :func:`to_dataframe`.
    consume
        Whether the frame may take over the memory of the only batch.

    Raises
    ------
    ValueError
        If an option is invalid.
    """

    def __init__(
        self,
        schema: pa.Schema,
        *,
        index: str | None = None,
        dtype_backend: DtypeBackend | None = None,
        nulls: Nulls | None = None,
        consume: bool = False,
    ) -> None:
        check_conversion(dtype_backend, nulls)
        self._schema = schema
        self._consume = consume
        self._columns = {
            field.name: _column_of(field, None if field.name == index else dtype_backend, nulls) for field in schema
        }
        self._timestamps: _Timestamps | None = None
        if index is not None:
            timestamps = self._columns.get(index)
            if not isinstance(timestamps, _Timestamps):
                raise ValueError(f"invalid index {index!r}: expected a column of timestamp[ns], got {schema}")
            self._timestamps = timestamps
        self._rows = 0
        self._capacity = 0
        # The only batch so far, whose memory may become that of the frame.
        self._first: pa.RecordBatch | None = None

    def append(self, batch: pa.RecordBatch) -> None:
        """Convert a batch; no reference to it remains after the next one, except to the memory of its strings.

        Raises
        ------
        ValueError
            As of :func:`to_dataframe`.
        """
        if not batch.schema.equals(self._schema):
            raise ValueError(f"expected batches of one schema, {self._schema}, not {batch.schema}")
        if not batch.num_rows:
            return
        if not self._rows and self._first is None:
            self._first = batch
            return
        self._copy_first()
        self._copy(batch)

    def reserve(self, rows: int) -> None:
        """Make room for a number of rows in total. Memory that is not written to yet is only reserved."""
        if rows > self._capacity:
            self._capacity = rows
            for column in self._columns.values():
                column.reserve(rows)

    def finish(self, *, sort: bool = False) -> pd.DataFrame:
        """Return the frame; the builder is empty afterwards.

        Parameters
        ----------
        sort
            Whether rows are sorted by the index: stable, those without a timestamp last.
        """
        if self._consume and self._first is not None:
            self._rows = self._first.num_rows
            for column, chunk in zip(self._columns.values(), self._first.columns, strict=True):
                column.take_over(chunk)
            self._first = None
        self._copy_first()
        for column in self._columns.values():
            column.trim(self._rows)
        order = self._timestamps.order() if self._timestamps is not None and sort else None
        if order is not None:
            for column in self._columns.values():
                column.sort(order)
        index: pd.Index[Any] = pd.RangeIndex(self._rows)
        columns = {}
        for name in list(self._columns):
            # Only the array remains.
            column = self._columns.pop(name)
            if column is self._timestamps:
                index = pd.DatetimeIndex(column.finish(), name=name, copy=False)
            else:
                columns[name] = column.finish()
        return pd.DataFrame(columns, index, list(columns), copy=False)

    def _copy_first(self) -> None:
        if self._first is not None:
            first, self._first = self._first, None
            self._copy(first)

    def _copy(self, batch: pa.RecordBatch) -> None:
        rows = slice(self._rows, self._rows + batch.num_rows)
        if rows.stop > self._capacity:
            self.reserve(max(rows.stop, 2 * self._capacity))
        for column, chunk in zip(self._columns.values(), batch.columns, strict=True):
            column.copy(chunk, rows)
        self._rows = rows.stop


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
    pandas.api.extensions.ExtensionArray
        It is writable.

    Raises
    ------
    ValueError
        If a date is outside the range of 64 bits of nanoseconds.
    """
    return to_dataframe(pa.table({name: column}))[name].array


class _Column(ABC):
    """A column of the frame while batches are added."""

    def reserve(self, rows: int) -> None:  # noqa: B027 (some columns need no room)
        """Make room for a number of rows in total."""

    @abstractmethod
    def copy(self, chunk: pa.Array, rows: slice) -> None:
        """Copy a chunk to its rows, which are the next ones."""

    def take_over(self, chunk: pa.Array) -> None:
        """Make the memory of a chunk that of the column, if possible: the chunk is all of it."""
        self.reserve(len(chunk))
        self.copy(chunk, slice(0, len(chunk)))

    @abstractmethod
    def trim(self, rows: int) -> None:
        """Give back the room after the last row."""

    @abstractmethod
    def sort(self, order: npt.NDArray[np.intp]) -> None:
        """Put rows into another order."""

    @abstractmethod
    def finish(self) -> Any:
        """Return the array for the frame."""


class _Values(_Column):
    """A column of fixed width whose null is one of its values."""

    def __init__(self, dtype: str, null_value: object) -> None:
        self._values: npt.NDArray[Any] = np.empty(0, dtype)
        self._null_value = null_value

    def reserve(self, rows: int) -> None:
        self._values = _grown(self._values, rows)

    def copy(self, chunk: pa.Array, rows: slice) -> None:
        self._values[rows] = self._stored(chunk)
        self._set_nulls(chunk, rows)

    def take_over(self, chunk: pa.Array) -> None:
        stored = self._stored(chunk)
        if not stored.flags.writeable:
            super().take_over(chunk)
            return
        self._values = stored
        self._set_nulls(chunk, slice(0, len(chunk)))

    def trim(self, rows: int) -> None:
        _trim(self._values, rows)

    def sort(self, order: npt.NDArray[np.intp]) -> None:
        self._values = self._values.take(order)

    def finish(self) -> Any:
        return self._values

    def _stored(self, chunk: pa.Array) -> npt.NDArray[Any]:
        """Return the values of a chunk, arbitrary ones for nulls."""
        return _stored(chunk, self._values.dtype)

    def _set_nulls(self, chunk: pa.Array, rows: slice) -> None:
        if chunk.null_count:
            self._values[rows][_is_null(chunk)] = self._null_value


class _Timestamps(_Values):
    def __init__(self, tz: str | None) -> None:
        super().__init__("datetime64[ns]", _NAT)
        self._tz = tz

    def finish(self) -> Any:
        if self._tz is None:
            return self._values
        # With a time zone, pandas reads integers as UTC and datetime64 as wall-clock times.
        dtype = pd.DatetimeTZDtype("ns", self._tz)
        return pd.DatetimeIndex(self._values.view(np.int64), dtype=dtype, copy=False).array

    def order(self) -> npt.NDArray[np.intp] | None:
        """Return the positions of rows in order of time: stable, nulls last; None if they are in order."""
        times = self._values.view(np.int64)
        null = np.isnat(self._values)
        if null.any():
            times = np.where(null, np.iinfo(np.int64).max, times)
        return None if np.all(times[1:] >= times[:-1]) else np.argsort(times, kind="stable")


class _Dates(_Values):
    def __init__(self, name: str) -> None:
        super().__init__("datetime64[ns]", _NAT)
        self._name = name

    def _stored(self, chunk: pa.Array) -> npt.NDArray[Any]:
        try:
            midnights = chunk.cast(pa.timestamp("ns"))
        except pa.ArrowInvalid as error:
            raise ValueError(
                f"column {self._name!r} has a date outside the range of 64 bits of nanoseconds (1677 to 2262): "
                "use to_arrow(), which keeps dates as days"
            ) from error
        return _stored(midnights, self._values.dtype)


class _Masked(_Values):
    """A column of fixed width, and a mask of its nulls once there is one."""

    def __init__(self, dtype: str, name: str, dtype_backend: DtypeBackend | None, nulls: Nulls | None) -> None:
        super().__init__(dtype, 0)
        self._null: npt.NDArray[np.bool_] | None = None
        self._name = name
        self._is_numpy = dtype_backend == "numpy"
        self._has_null = not self._is_numpy or nulls == "nan"

    def reserve(self, rows: int) -> None:
        super().reserve(rows)
        if self._null is not None:
            self._null = _grown(self._null, rows)

    def trim(self, rows: int) -> None:
        super().trim(rows)
        if self._null is not None:
            _trim(self._null, rows)

    def sort(self, order: npt.NDArray[np.intp]) -> None:
        super().sort(order)
        if self._null is not None:
            self._null = self._null.take(order)

    def finish(self) -> Any:
        if not self._is_numpy:
            return self._nullable()
        return self._values if self._null is None else self._floats(self._null)

    @abstractmethod
    def _nullable(self) -> Any:
        """Return the array that has nulls."""

    def _set_nulls(self, chunk: pa.Array, rows: slice) -> None:
        if not chunk.null_count:
            return
        if not self._has_null:
            raise ValueError(
                f"column {self._name!r} has nulls, which NumPy's {self._values.dtype} does not have: use nulls='nan', "
                "which makes it float64 with NaN, or another dtype_backend"
            )
        if self._null is None:
            self._null = np.zeros(len(self._values), np.bool_)
        self._null[rows] = _is_null(chunk)
        super()._set_nulls(chunk, rows)

    def _floats(self, null: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        floats = self._values.astype(np.float64)
        [large] = np.nonzero(np.abs(floats) >= _LARGEST_EXACT)
        for row in large:
            if int(floats[row]) != int(self._values[row]):
                raise ValueError(
                    f"column {self._name!r} has nulls and the integer {self._values[row]}, which no float64 equals: "
                    "use another dtype_backend, which keeps nulls and integers"
                )
        floats[null] = np.nan
        return floats


class _Integers(_Masked):
    def _nullable(self) -> Any:
        null = np.zeros(len(self._values), np.bool_) if self._null is None else self._null
        return pd.arrays.IntegerArray(self._values, null)


class _Booleans(_Masked):
    def _nullable(self) -> Any:
        return self._values if self._null is None else pd.arrays.BooleanArray(self._values, self._null)

    def _stored(self, chunk: pa.Array) -> npt.NDArray[Any]:
        return _bits(chunk.buffers()[1], chunk)


class _Categories(_Column):
    """Labels, whose dictionaries become one."""

    def __init__(self, kind: pa.DictionaryType) -> None:
        self._stored_dtype = np.dtype(kind.index_type.to_pandas_dtype())
        self._labels: pa.Array | None = None
        self._empty = pa.array([], kind.value_type)
        self._codes: npt.NDArray[Any] = np.empty(0, np.int8)
        # Of the latest dictionary; None for one that begins like the labels.
        self._dictionary: pa.Array | None = None
        self._code_of_index: npt.NDArray[Any] | None = None

    def reserve(self, rows: int) -> None:
        self._codes = _grown(self._codes, rows)

    def copy(self, chunk: pa.Array, rows: slice) -> None:
        dictionary, indices = chunk.dictionary, chunk.indices
        if self._dictionary is None or not dictionary.equals(self._dictionary):
            self._dictionary = dictionary
            self._code_of_index = self._add_labels(dictionary)
        stored = _stored(indices, self._stored_dtype)
        self._codes[rows] = stored if self._code_of_index is None else self._code_of_index.take(stored, mode="clip")
        if indices.null_count:
            self._codes[rows][_is_null(indices)] = -1

    def trim(self, rows: int) -> None:
        _trim(self._codes, rows)

    def sort(self, order: npt.NDArray[np.intp]) -> None:
        self._codes = self._codes.take(order)

    def finish(self) -> Any:
        labels = self._empty if self._labels is None else self._labels
        categories = pd.Index(labels.to_pandas(), dtype=_STRING)
        return pd.Categorical.from_codes(self._codes, categories=categories, validate=False)

    def _add_labels(self, dictionary: pa.Array) -> npt.NDArray[Any] | None:
        """Add labels that are new, and return the codes of those of the dictionary, if they are others."""
        if self._labels is None:
            self._labels = dictionary
        else:
            new = dictionary.filter(pc.invert(pc.is_in(dictionary, self._labels)))
            self._labels = pa.concat_arrays([self._labels, new])
        # As many bytes as pandas uses, which is int8 for at most 126 categories.
        dtype = np.min_scalar_type(-len(self._labels) - 2)
        if self._codes.dtype != dtype:
            self._codes = self._codes.astype(dtype)
        if self._labels is dictionary:
            return None
        # The stored index of a null is arbitrary, also beyond the end.
        return np.append(pc.index_in(dictionary, self._labels), -1).astype(dtype)


class _ArrowChunks(_Column):
    """Values that stay in Arrow's memory, or whose conversion is pandas' own."""

    def __init__(self, kind: pa.DataType, convert: Callable[[pa.ChunkedArray], Any]) -> None:
        self._column = pa.chunked_array([], kind)
        self._chunks: list[pa.Array] = []
        self._convert = convert

    def copy(self, chunk: pa.Array, rows: slice) -> None:
        del rows
        self._chunks.append(chunk)

    def trim(self, rows: int) -> None:
        del rows
        self._column = pa.chunked_array(self._chunks, self._column.type)
        self._chunks.clear()

    def sort(self, order: npt.NDArray[np.intp]) -> None:
        # Rows taken from many chunks are slow.
        self._column = self._column.unify_dictionaries().combine_chunks().take(pa.array(order))

    def finish(self) -> Any:
        return self._convert(self._column)


def _column_of(field: pa.Field, dtype_backend: DtypeBackend | None, nulls: Nulls | None) -> _Column:
    name, kind = field.name, field.type
    if dtype_backend == "pyarrow":
        return _ArrowChunks(kind, _to_arrow_dtype)
    if dtype_backend == "numpy_nullable" and kind in _NULLABLE_DTYPES:
        return _ArrowChunks(kind, _to_nullable_dtype)
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return _Timestamps(kind.tz)
    if pa.types.is_dictionary(kind):
        return _Categories(kind)
    if kind == pa.int64():
        return _Integers("int64", name, dtype_backend, nulls)
    if kind == pa.float64():
        return _Values("float64", np.nan)
    if kind == pa.bool_():
        return _Booleans("bool", name, dtype_backend, nulls)
    if kind == pa.date32():
        return _Dates(name)
    if kind == pa.duration("ns"):
        return _Values("timedelta64[ns]", np.timedelta64("NaT", "ns"))
    return _ArrowChunks(kind, _to_strings if pa.types.is_string(kind) else _to_objects)


def _to_arrow_dtype(column: pa.ChunkedArray) -> Any:
    return column.to_pandas(types_mapper=pd.ArrowDtype).array


def _to_nullable_dtype(column: pa.ChunkedArray) -> Any:
    return column.to_pandas(types_mapper=_NULLABLE_DTYPES.get).array


def _to_strings(column: pa.ChunkedArray) -> Any:
    return pd.array(column, dtype=_STRING) if isinstance(_STRING, pd.StringDtype) else column.to_pandas().array


def _to_objects(column: pa.ChunkedArray) -> Any:
    return column.to_pandas().to_numpy()


def _grown(array: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    """Return an array with room for more rows, which are 0."""
    # Zeros of new pages are not written to.
    grown = np.zeros(rows, array.dtype)
    grown[: len(array)] = array
    return grown


def _trim(array: npt.NDArray[Any], rows: int) -> None:
    if len(array) != rows:
        array.resize(rows, refcheck=False)


def _stored(chunk: pa.Array, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return the stored values of a chunk of fixed width, arbitrary ones for nulls, without a copy."""
    return np.frombuffer(chunk.buffers()[1], dtype, len(chunk), chunk.offset * dtype.itemsize)


def _is_null(chunk: pa.Array) -> npt.NDArray[np.bool_]:
    """Return where a chunk that has nulls has them."""
    return np.logical_not(_bits(chunk.buffers()[0], chunk))


def _bits(buffer: pa.Buffer, chunk: pa.Array) -> npt.NDArray[np.bool_]:
    """Return a bitmap of a chunk: whether its values are valid or, of a chunk of bools, the values."""
    first_byte, first_bit = divmod(chunk.offset, 8)
    packed = np.frombuffer(buffer, np.uint8, offset=first_byte)
    return np.unpackbits(packed, count=first_bit + len(chunk), bitorder="little")[first_bit:].view(np.bool_)
