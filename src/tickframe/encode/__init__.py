"""A table and what stands beside it as one framed answer, in one piece or in two."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import pyarrow as pa

from tickframe.contract import DataResponse, Value, ValueList
from tickframe.encode.lists import WireList, length_delimited, to_wire_list
from tickframe.frames import frame_start

__all__ = ["answer_start", "encode_answer", "encode_table"]

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
