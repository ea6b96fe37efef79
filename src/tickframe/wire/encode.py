"""A table, with a header and metadata, as one framed response in one piece or in two."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.wire.contract import DataResponse, Value, ValueList
from tickframe.wire.fields import field_start
from tickframe.wire.frames import frame_start
from tickframe.wire.kernel import kernel
from tickframe.wire.layout import COLUMNS, DATA, KEY, VALUE, VALUES
from tickframe.wire.lists import INTEGER_LISTS

_PADDING = 16


@dataclass(frozen=True, slots=True)
class _Unwritten:
    """Bytes that the kernel is still to write, once there is a place for them."""

    size: int
    write: Callable[[memoryview], None]

    def __len__(self) -> int:
        return self.size


_Piece = bytes | memoryview | _Unwritten


class WireList(NamedTuple):
    """A column as a list message.

    Attributes
    ----------
    list_type : str
        The member of ``ValueList`` that it is.
    pieces : list
        The message, in pieces for :func:`join`.
    """

    list_type: str
    pieces: list[_Piece]


def encode_response(
    table: pa.Table, *, warning: str = "", meta: Mapping[str, Value] | None = None, reference_id: str = ""
) -> memoryview:
    """Write a framed response into one buffer.

    Parameters
    ----------
    table
        The columns, of the types that :func:`tickframe.wire.encode.to_wire_list` takes.
    warning
        Warning message of the header; empty for none.
    meta
        Metadata of the response.
    reference_id
        The identifier that the client gave the request; empty if there is none.

    Raises
    ------
    TypeError
        If a column's type cannot be encoded.
    """
    pieces = _table_field(table)
    return join([response_start(_size(pieces), warning=warning, meta=meta, reference_id=reference_id), *pieces])


def encode_table(table: pa.Table) -> memoryview:
    """Write the table that follows :func:`response_start`; raises what :func:`encode_response` does."""
    return join(_table_field(table))


def response_start(
    table_size: int, *, warning: str = "", meta: Mapping[str, Value] | None = None, reference_id: str = ""
) -> bytes:
    """Return what precedes an encoded table of ``table_size`` bytes: the frame's start, the header and the metadata.

    The fields of a message may come in any order, so one encoded table can follow many starts.
    Takes what :func:`encode_response` does.
    """
    response = DataResponse()
    response.header.request_id.value = str(uuid.uuid4())
    if reference_id:
        response.header.reference_id.value = reference_id
    response.header.warning_message = warning
    for name, value in (meta or {}).items():
        response.meta[name].CopyFrom(value)
    start = response.SerializeToString()
    return frame_start(len(start) + table_size) + start


def to_wire_list(name: str, column: pa.ChunkedArray) -> WireList:
    """Return a column as a list message.

    Parameters
    ----------
    name
        The column's name, for errors.
    column
        Of type date32, duration[ns], timestamp[ns], double, int64, bool, string, dictionary of strings or list of
        strings. A null is encoded as the least value of its list for int64, dates, durations and
        timestamps, as NaN for doubles, and as an empty string for strings.

    Raises
    ------
    TypeError
        If the column's type cannot be encoded.
    """
    for is_kind, encode in _ENCODERS:
        if is_kind(column.type):
            return encode(column)
    raise TypeError(f"column {name!r} is of type {column.type}, which no list of the service holds")


def join(pieces: Sequence[_Piece]) -> memoryview:
    """Write pieces into one buffer."""
    out = memoryview(pa.allocate_buffer(_size(pieces))).cast("B")
    start = 0
    for piece in pieces:
        place = out[start : start + len(piece)]
        if isinstance(piece, _Unwritten):
            piece.write(place)
        else:
            place[:] = piece
        start += len(piece)
    return out


def _size(pieces: Sequence[_Piece]) -> int:
    return sum(map(len, pieces))


def _field(number: int, pieces: Sequence[_Piece]) -> list[_Piece]:
    return [field_start(number, _size(pieces)), *pieces]


def _table_field(table: pa.Table) -> list[_Piece]:
    entries: list[_Piece] = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        list_type, pieces = to_wire_list(name, column)
        values = _field(ValueList.DESCRIPTOR.fields_by_name[list_type].number, pieces)
        entries += _field(COLUMNS, [*_field(KEY, [name.encode()]), *_field(VALUE, values)])
    return _field(DATA, entries)


def _combined(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _packed(list_type: str, values: _Piece) -> WireList:
    """Return a list of packed values; without values it is an empty message."""
    return WireList(list_type, _field(VALUES, [values]) if len(values) else [])


def _by_protobuf(list_type: str, values: list[Any]) -> WireList:
    message = getattr(ValueList(), list_type)
    message.values.extend(values)
    return WireList(list_type, [message.SerializeToString()])


def _doubles(column: pa.ChunkedArray) -> WireList:
    values = pc.fill_null(_combined(column), float("nan")).to_numpy()
    return _packed("double_list", np.ascontiguousarray(values, "<f8").data.cast("B"))


def _integers(list_type: str, column: pa.ChunkedArray) -> WireList:
    stored = INTEGER_LISTS[list_type]
    dtype = stored.dtype
    integers = _combined(column).cast(stored.arrow_type).cast(pa.from_numpy_dtype(dtype))
    values = pc.fill_null(integers, stored.null).to_numpy()
    if kernel is None:
        return _by_protobuf(list_type, values.tolist())
    size = kernel.size_of_varints(values, dtype.itemsize)
    return _packed(list_type, _Unwritten(size, partial(kernel.write_varints, values, dtype.itemsize)))


def _booleans(column: pa.ChunkedArray) -> WireList:
    return _packed("bool_list", column.to_numpy().astype(np.uint8).tobytes())


def _strings(column: pa.ChunkedArray) -> WireList:
    strings = pc.fill_null(_combined(column), "")
    if kernel is None:
        return _by_protobuf("string_list", strings.to_pylist())
    return _by_kernel(None, *_string_buffers(strings))


def _labels(column: pa.ChunkedArray) -> WireList:
    labels = _combined(column.unify_dictionaries())
    if kernel is None or labels.null_count or labels.indices.type != pa.int32():
        return _strings(pa.chunked_array([labels.cast(pa.string())]))
    offsets, data = _string_buffers(labels.dictionary)
    # With padding after the last label, the kernel copies each of them in one step of fixed size.
    return _by_kernel(labels.indices.to_numpy(), offsets, bytes(data) + bytes(_PADDING))


def _string_buffers(strings: pa.Array) -> tuple[npt.NDArray[np.int32], pa.Buffer]:
    """Return the offsets and the data of strings without nulls."""
    _, offsets, data = strings.buffers()
    if offsets is None:
        return np.zeros(1, np.int32), pa.py_buffer(b"")
    return np.frombuffer(offsets, np.int32, len(strings) + 1, 4 * strings.offset), data or pa.py_buffer(b"")


def _by_kernel(
    codes: npt.NDArray[np.int32] | None, offsets: npt.NDArray[np.int32], data: pa.Buffer | bytes
) -> WireList:
    size = kernel.size_of_strings(codes, offsets, len(data))
    return WireList("string_list", [_Unwritten(size, partial(kernel.write_strings, codes, offsets, data))])


def _string_lists(column: pa.ChunkedArray) -> WireList:
    message = ValueList().mixed_list
    for strings in column.to_pylist():
        message.values.add().list.string_list.values.extend(strings or ())
    return WireList("mixed_list", [message.SerializeToString()])


_ENCODERS: Sequence[tuple[Callable[[pa.DataType], bool], Callable[[pa.ChunkedArray], WireList]]] = (
    (pa.types.is_float64, _doubles),
    (pa.types.is_int64, partial(_integers, "integer_list")),
    (pa.types.is_duration, partial(_integers, "nanoseconds_list")),
    (pa.types.is_timestamp, partial(_integers, "timestamps_list")),
    (pa.types.is_date32, partial(_integers, "days_list")),
    (pa.types.is_boolean, _booleans),
    (pa.types.is_string, _strings),
    (pa.types.is_dictionary, _labels),
    (pa.types.is_list, _string_lists),
)
