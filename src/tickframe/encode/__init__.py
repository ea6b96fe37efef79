"""A table and what stands beside it as one framed answer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import pyarrow as pa

from tickframe.contract import DataResponse, Value, ValueList
from tickframe.encode.lists import WireList, length_delimited, to_wire_list
from tickframe.frames import frame_start

__all__ = ["encode_answer"]

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
        The columns, of the types that :func:`tickframe.encode.lists.to_wire_list` takes.
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
    beside = _beside(warning, meta or {}, reference_id)
    entries = [
        _entry(name, to_wire_list(name, column)) for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    table_size = sum(len(start) + column.size for start, column in entries)
    table_start = length_delimited(_DATA, table_size)
    start = frame_start(len(beside) + len(table_start) + table_size) + beside + table_start
    out = memoryview(pa.allocate_buffer(len(start) + table_size)).cast("B")
    out[: len(start)] = start
    position = len(start)
    for entry_start, column in entries:
        out[position : position + len(entry_start)] = entry_start
        position += len(entry_start)
        column.write(out[position : position + column.size])
        position += column.size
    return out


def _beside(warning: str, meta: Mapping[str, Value], reference_id: str) -> bytes:
    """Return the header and the meta; the fields of a message may come in any order."""
    response = DataResponse()
    response.header.request_id.value = str(uuid.uuid4())
    if reference_id:
        response.header.reference_id.value = reference_id
    response.header.warning_message = warning
    for name, value in meta.items():
        response.meta[name].CopyFrom(value)
    return response.SerializeToString()


def _entry(name: str, column: WireList) -> tuple[bytes, WireList]:
    """Return what stands before a column's list: the map entry, its key, and the list's type."""
    number = ValueList.DESCRIPTOR.fields_by_name[column.field].number
    list_start = length_delimited(number, column.size)
    value_start = length_delimited(_VALUE, len(list_start) + column.size)
    key = name.encode()
    inner = length_delimited(_KEY, len(key)) + key + value_start + list_start
    return length_delimited(_COLUMNS, len(inner) + column.size) + inner, column
