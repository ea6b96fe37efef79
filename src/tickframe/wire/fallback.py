"""The official parser: the definition of what bytes mean, and the way for all that is not canonical.

It also runs where no compiled kernel is, with NumPy views of its lists.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import IntEnum
from typing import NamedTuple

import pyarrow as pa
from google.protobuf.message import DecodeError as ProtobufDecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from tickframe.errors import DecodeError
from tickframe.wire.contract import DataResponse
from tickframe.wire.lists import list_to_array

_RESPONSE_DATA = 2
_TABLE_COLUMNS = 1
_ENTRY_KEY = 1
_ENTRY_VALUE = 2


class WireType(IntEnum):
    """How a field's value is laid out."""

    VARINT = 0
    FIXED64 = 1
    LENGTH_DELIMITED = 2
    GROUP_START = 3
    GROUP_END = 4
    FIXED32 = 5


class Field(NamedTuple):
    """One field of a message: its value lies at ``start:end``."""

    number: int
    wire_type: WireType
    start: int
    end: int


def read_varint(message: memoryview, position: int) -> tuple[int, int]:
    """Return a varint's value and the position behind it."""
    value = shift = 0
    while True:
        digit = message[position]
        position += 1
        value |= (digit & 0x7F) << shift
        if digit < 0x80:
            return value, position
        shift += 7


def read_fields(message: memoryview, start: int, end: int) -> Iterator[Field]:
    """Walk over the fields of the message at ``start:end``, groups skipped whole."""
    position = start
    while position < end:
        tag, position = read_varint(message, position)
        number, wire_type = (tag & 0xFFFFFFFF) >> 3, WireType(tag & 7)
        length = 0
        if wire_type is WireType.LENGTH_DELIMITED:
            length, position = read_varint(message, position)
        behind = _skip(message, position, wire_type, length, end)
        yield Field(number, wire_type, position, behind)
        position = behind


def _skip(message: memoryview, position: int, wire_type: WireType, length: int, end: int) -> int:
    """Return the position behind a value."""
    match wire_type:
        case WireType.VARINT:
            return read_varint(message, position)[1]
        case WireType.FIXED64:
            return position + 8
        case WireType.FIXED32:
            return position + 4
        case WireType.LENGTH_DELIMITED:
            return position + length
        case WireType.GROUP_START:
            return _skip_group(message, position, end)
        case WireType.GROUP_END:
            return position


def _skip_group(message: memoryview, position: int, end: int) -> int:
    depth = 1
    while depth:
        tag, position = read_varint(message, position)
        wire_type, length = WireType(tag & 7), 0
        if wire_type is WireType.GROUP_START:
            depth += 1
            continue
        if wire_type is WireType.GROUP_END:
            depth -= 1
            continue
        if wire_type is WireType.LENGTH_DELIMITED:
            length, position = read_varint(message, position)
        position = _skip(message, position, wire_type, length, end)
    return position


def column_names(message: memoryview) -> list[str]:
    """Return the names of a response's columns in the order of the wire, each once.

    Parameters
    ----------
    message
        A serialized ``DataResponse`` that the official parser has accepted.

    Raises
    ------
    DecodeError
        If a column's map entry holds anything but its key and its value. The default parser of
        protobuf drops such an entry whole, and the column would be missing without a word.
    """
    names: dict[str, None] = {}
    for data in read_fields(message, 0, len(message)):
        if data.number != _RESPONSE_DATA or data.wire_type is not WireType.LENGTH_DELIMITED:
            continue
        for entry in read_fields(message, data.start, data.end):
            if entry.number == _TABLE_COLUMNS and entry.wire_type is WireType.LENGTH_DELIMITED:
                names[_entry_key(message, entry)] = None
    return list(names)


def _entry_key(message: memoryview, entry: Field) -> str:
    key = ""
    strange = None
    for field in read_fields(message, entry.start, entry.end):
        known = field.number in (_ENTRY_KEY, _ENTRY_VALUE)
        if not known or field.wire_type is not WireType.LENGTH_DELIMITED:
            strange = field
        elif field.number == _ENTRY_KEY:
            key = str(message[field.start : field.end], "utf-8", "replace")
    if strange is not None:
        raise DecodeError(
            f"column {key!r} would vanish: its map entry also holds field {strange.number} of wire type "
            f"{strange.wire_type.value}, for which protobuf drops the whole column: report it to the service's support",
            column=key,
        )
    return key


_META = DataResponse.DESCRIPTOR.fields_by_name["meta"].number


def parse(message: bytes | bytearray | memoryview) -> DataResponse:
    """Parse a message.

    Raises
    ------
    DecodeError
        If it is no ``DataResponse``, or an entry of its meta would vanish.
    """
    try:
        parsed = DataResponse.FromString(bytes(message))
    except ProtobufDecodeError as error:
        raise DecodeError(
            f"a frame of {len(message):,} bytes holds no DataResponse: {error}: check base_url "
            "and path_template, or report it to the service's support"
        ) from error
    unknown = UnknownFieldSet(parsed)
    if any(unknown[place].field_number == _META for place in range(len(unknown))):
        raise DecodeError(
            "an entry of the answer's meta, such as the next page's cursor, would vanish in protobuf: "
            "report it to the service's support"
        )
    return parsed


def read_arrays(message: memoryview, labels: Collection[str]) -> tuple[dict[str, pa.Array], DataResponse]:
    """Return the columns of a message in the order of the wire, and the message.

    Parameters
    ----------
    message
        The whole message.
    labels
        The columns whose strings are stored once each.

    Raises
    ------
    DecodeError
        If it is no ``DataResponse``, or a column cannot be read.
    """
    parsed = parse(message)
    table = parsed.data.columns
    names = column_names(message)
    return {name: list_to_array(table[name], name, label=name in labels) for name in names}, parsed
