"""The columns of a DataFrame while batches are added to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Literal

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

# Dtypes with more labels are not kept.
_MOST_LABELS_TO_KEEP = 32

# From here on float64 has no value for some integers.
_LARGEST_EXACT = 2.0**53


class Column(ABC):
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


class _Values(Column):
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


class Timestamps(_Values):
    """Timestamps in nanoseconds, with or without a time zone."""

    def __init__(self, tz: str | None) -> None:
        super().__init__("datetime64[ns]", _NAT)
        self._tz = tz

    def finish(self) -> Any:
        """Return the timestamps as an array of pandas."""
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


class _Categories(Column):
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
        if len(labels) > _MOST_LABELS_TO_KEEP:
            return pd.Categorical.from_codes(self._codes, dtype=_categorical(labels), validate=False)
        return pd.Categorical.from_codes(self._codes, dtype=_kept_categorical(*labels.to_pylist()), validate=False)

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


def _categorical(labels: pa.Array) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(pd.Index(labels.to_pandas(), dtype=_STRING))


@lru_cache(maxsize=256)
def _kept_categorical(*labels: str) -> pd.CategoricalDtype:
    """Return the dtype of a few labels, which most responses share: pandas takes long to check categories."""
    return _categorical(pa.array(labels, pa.string()))


class _ArrowChunks(Column):
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


def column_of(field: pa.Field, dtype_backend: DtypeBackend | None, nulls: Nulls | None) -> Column:
    """Return an empty column for the values of a field, see :func:`to_dataframe` for the options."""
    name, kind = field.name, field.type
    if dtype_backend == "pyarrow":
        return _ArrowChunks(kind, _to_arrow_dtype)
    if dtype_backend == "numpy_nullable" and kind in _NULLABLE_DTYPES:
        return _ArrowChunks(kind, _to_nullable_dtype)
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return Timestamps(kind.tz)
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
    return _ArrowChunks(kind, _to_strings if pa.types.is_string(kind) else partial(_to_objects, name))


def _to_arrow_dtype(column: pa.ChunkedArray) -> Any:
    return column.to_pandas(types_mapper=pd.ArrowDtype).array


def _to_nullable_dtype(column: pa.ChunkedArray) -> Any:
    return column.to_pandas(types_mapper=_NULLABLE_DTYPES.get).array


def _to_strings(column: pa.ChunkedArray) -> Any:
    return pd.array(column, dtype=_STRING) if isinstance(_STRING, pd.StringDtype) else column.to_pandas().array


def _to_objects(name: str, column: pa.ChunkedArray) -> Any:
    try:
        return column.to_pandas().to_numpy()
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"column {name!r} has a value that pandas cannot hold ({error}): use to_arrow(), which keeps it"
        ) from error


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
