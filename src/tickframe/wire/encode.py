"""A table and what stands beside it as one framed answer, in one piece or in two."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.wire.contract import DataResponse, Value, ValueList
from tickframe.wire.frames import frame_start
from tickframe.wire.kernel import kernel

_NULL_INTEGER = -(2**63)
_NULL_DAYS = -(2**31)
_FIRST_FIELD = 1
_PADDING = 16


class WireList(NamedTuple):
    """A list message that is still to be written.

    Attributes
    ----------
    field : str
        The member of ``ValueList`` that it is.
    size : int
        Its length in bytes.
    write : callable
        Fills a buffer of that length with it.
    """

    field: str
    size: int
    write: Callable[[memoryview], None]


def length_delimited(number: int, size: int) -> bytes:
    """Return what stands before a field of some bytes: its tag, and their number."""
    start = bytearray((number << 3 | 2,))
    while size > 0x7F:
        start.append(size & 0x7F | 0x80)
        size >>= 7
    start.append(size)
    return bytes(start)


def to_wire_list(name: str, column: pa.ChunkedArray) -> WireList:
    """Return a column as the list that it travels in.

    Parameters
    ----------
    name
        The column's name, for errors.
    column
        Of type date32, duration[ns], timestamp[ns], double, int64, bool, string, dictionary of strings or list of
        strings. An int64, date or duration null travels as the least value of its list, a double's
        as NaN, a string's as an empty string.

    Raises
    ------
    TypeError
        If the column's type does not travel.
    """
    for is_kind, convert in _CONVERTERS:
        if is_kind(column.type):
            return convert(column)
    raise TypeError(f"column {name!r} is of type {column.type}, which does not travel")


def _combined(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _packed(field: str, size: int, write: Callable[[memoryview], None]) -> WireList:
    """Return a list of one packed run; an empty run is not written at all."""
    if size == 0:
        return WireList(field, 0, _write_nothing)
    start = length_delimited(_FIRST_FIELD, size)

    def write_run(out: memoryview) -> None:
        out[: len(start)] = start
        write(out[len(start) :])

    return WireList(field, len(start) + size, write_run)


def _write_nothing(out: memoryview) -> None:
    """Leave an empty place as it is."""


def _by_protobuf(field: str, values: list[Any]) -> WireList:
    written = ValueList()
    target = getattr(written, field)
    target.values.extend(values)
    return _serialized(field, target.SerializeToString())


def _serialized(field: str, message: bytes) -> WireList:
    def write(out: memoryview) -> None:
        out[:] = message

    return WireList(field, len(message), write)


def _varints(field: str, values: np.ndarray[Any, np.dtype[Any]]) -> WireList:
    if kernel is None:
        return _by_protobuf(field, values.tolist())
    compiled, width = kernel, values.itemsize
    size = compiled.size_of_varints(values, width)
    return _packed(field, size, lambda out: compiled.write_varints(values, width, out))


def _doubles(column: pa.ChunkedArray) -> WireList:
    values = pc.fill_null(_combined(column), float("nan")).to_numpy()
    content = np.ascontiguousarray(values, "<f8").data.cast("B")

    def write(out: memoryview) -> None:
        out[:] = content

    return _packed("double_list", len(content), write)


def _integers(column: pa.ChunkedArray) -> WireList:
    return _varints("integer_list", pc.fill_null(_combined(column), _NULL_INTEGER).to_numpy())


def _times(column: pa.ChunkedArray) -> WireList:
    nanoseconds = _combined(column).cast(pa.duration("ns")).cast(pa.int64())
    return _varints("nanoseconds_list", pc.fill_null(nanoseconds, _NULL_INTEGER).to_numpy())


def _timestamps(column: pa.ChunkedArray) -> WireList:
    nanoseconds = _combined(column).cast(pa.timestamp("ns")).cast(pa.int64())
    return _varints("timestamps_list", pc.fill_null(nanoseconds, _NULL_INTEGER).to_numpy())


def _days(column: pa.ChunkedArray) -> WireList:
    days = _combined(column).cast(pa.int32())
    return _varints("days_list", pc.fill_null(days, _NULL_DAYS).to_numpy())


def _booleans(column: pa.ChunkedArray) -> WireList:
    content = column.to_numpy().astype(np.uint8).tobytes()

    def write(out: memoryview) -> None:
        out[:] = content

    return _packed("bool_list", len(content), write)


def _string_buffers(strings: pa.Array) -> tuple[np.ndarray[Any, np.dtype[np.int32]], pa.Buffer]:
    """Return the offsets of strings without nulls, and the bytes that they speak of."""
    _, offsets, data = strings.buffers()
    if offsets is None:
        return np.zeros(1, np.int32), pa.py_buffer(b"")
    return np.frombuffer(offsets, np.int32, len(strings) + 1, 4 * strings.offset), data or pa.py_buffer(b"")


def _strings(column: pa.ChunkedArray) -> WireList:
    strings = pc.fill_null(_combined(column), "")
    if kernel is None:
        return _by_protobuf("string_list", strings.to_pylist())
    compiled = kernel
    offsets, data = _string_buffers(strings)
    size = compiled.size_of_strings(offsets, data.size)
    return WireList("string_list", size, lambda out: compiled.write_strings(offsets, data, out))


def _labels(column: pa.ChunkedArray) -> WireList:
    labels = _combined(column.unify_dictionaries())
    if kernel is None or labels.null_count or labels.indices.type != pa.int32():
        return _strings(pa.chunked_array([labels.cast(pa.string())]))
    compiled = kernel
    codes = labels.indices.to_numpy()
    offsets, data = _string_buffers(labels.dictionary)
    # With room behind the last label each is copied in one fixed step.
    padded = bytes(data) + bytes(_PADDING)
    size = compiled.size_of_labels(codes, offsets, len(padded))
    return WireList("string_list", size, lambda out: compiled.write_labels(codes, offsets, padded, out))


def _string_lists(column: pa.ChunkedArray) -> WireList:
    written = ValueList()
    for strings in column.to_pylist():
        written.mixed_list.values.add().list.string_list.values.extend(strings or ())
    return _serialized("mixed_list", written.mixed_list.SerializeToString())


_CONVERTERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.ChunkedArray], WireList]], ...] = (
    (pa.types.is_float64, _doubles),
    (pa.types.is_int64, _integers),
    (pa.types.is_duration, _times),
    (pa.types.is_timestamp, _timestamps),
    (pa.types.is_date32, _days),
    (pa.types.is_boolean, _booleans),
    (pa.types.is_string, _strings),
    (pa.types.is_dictionary, _labels),
    (pa.types.is_list, _string_lists),
)


_DATA = DataResponse.DESCRIPTOR.fields_by_name["data"].number
_COLUMNS = _KEY = 1
_VALUE = 2


def encode_answer(
    table: pa.Table, *, warning: str = "", meta: Mapping[str, Value] | None = None, reference_id: str = ""
) -> memoryview:
    """Write an answer into one buffer, frame and all.

    Parameters
    ----------
    table
        The columns, of the types that :func:`tickframe.wire.encode.to_wire_list` takes.
    warning
        The header's warning message; empty for none.
    meta
        What stands beside the table.
    reference_id
        The request's own name for itself, sent back; empty where it had none.

    Raises
    ------
    TypeError
        If a column's type does not travel.
    """
    field = _TableField(table)
    start = answer_start(field.size, warning=warning, meta=meta, reference_id=reference_id)
    out = _allocate(len(start) + field.size)
    out[: len(start)] = start
    field.write(out[len(start) :])
    return out


def encode_table(table: pa.Table) -> memoryview:
    """Write an answer's table as it stands behind :func:`answer_start`; raises what :func:`encode_answer` does."""
    field = _TableField(table)
    out = _allocate(field.size)
    field.write(out)
    return out


def answer_start(
    table_size: int, *, warning: str = "", meta: Mapping[str, Value] | None = None, reference_id: str = ""
) -> bytes:
    """Return what stands before an encoded table of some bytes: the frame's start, the header and the meta.

    The fields of a message may come in any order, so that one encoded table can follow many starts.
    Takes what :func:`encode_answer` does.
    """
    response = DataResponse()
    response.header.request_id.value = str(uuid.uuid4())
    if reference_id:
        response.header.reference_id.value = reference_id
    response.header.warning_message = warning
    for name, value in (meta or {}).items():
        response.meta[name].CopyFrom(value)
    beside = response.SerializeToString()
    return frame_start(len(beside) + table_size) + beside


class _TableField:
    """The table as a field of the response: how long it will be, and how it is written into its place."""

    def __init__(self, table: pa.Table) -> None:
        self._entries = [
            _entry(name, to_wire_list(name, column))
            for name, column in zip(table.column_names, table.columns, strict=True)
        ]
        table_size = sum(len(start) + column.size for start, column in self._entries)
        self._start = length_delimited(_DATA, table_size)
        self.size = len(self._start) + table_size

    def write(self, out: memoryview) -> None:
        """Fill a buffer of the field's length."""
        position = len(self._start)
        out[:position] = self._start
        for entry_start, column in self._entries:
            out[position : position + len(entry_start)] = entry_start
            position += len(entry_start)
            column.write(out[position : position + column.size])
            position += column.size


def _allocate(size: int) -> memoryview:
    return memoryview(pa.allocate_buffer(size)).cast("B")


def _entry(name: str, column: WireList) -> tuple[bytes, WireList]:
    """Return what stands before a column's list: the map entry, its key, and the list's type."""
    number = ValueList.DESCRIPTOR.fields_by_name[column.field].number
    list_start = length_delimited(number, column.size)
    value_start = length_delimited(_VALUE, len(list_start) + column.size)
    key = name.encode()
    inner = length_delimited(_KEY, len(key)) + key + value_start + list_start
    return length_delimited(_COLUMNS, len(inner) + column.size) + inner, column
