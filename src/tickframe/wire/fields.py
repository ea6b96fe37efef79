"""Fields of protobuf messages, read and written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple


class WireType(IntEnum):
    """The encoding of a field's value."""

    VARINT = 0
    FIXED64 = 1
    LENGTH_DELIMITED = 2
    GROUP_START = 3
    GROUP_END = 4
    FIXED32 = 5


class Field(NamedTuple):
    """One field of a message, with its value at ``start:end``."""

    number: int
    wire_type: WireType
    start: int
    end: int


def write_varint(value: int) -> bytes:
    """Return an unsigned integer as a varint: seven bits in each byte, the lowest first."""
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)


def read_varint(message: memoryview, position: int, end: int) -> tuple[int, int]:
    """Return the value of a varint and the position after it.

    Raises
    ------
    ValueError
        If it does not end before ``end``.
    """
    value = 0
    for place, digit in enumerate(message[position:end]):
        value |= (digit & 0x7F) << 7 * place
        if digit < 0x80:
            return value, position + place + 1
    raise ValueError("unterminated varint")


def tag(number: int) -> int:
    """Return the tag of a length-delimited field."""
    return number << 3 | WireType.LENGTH_DELIMITED


def field_start(number: int, size: int) -> bytes:
    """Return the bytes before the value of a length-delimited field: its tag and its length."""
    return write_varint(tag(number)) + write_varint(size)


def read_fields(message: memoryview, start: int, end: int) -> Iterator[Field]:
    """Iterate over the fields of a valid message at ``start:end``, without what is inside groups."""
    position = start
    depth = 0
    while position < end:
        key, position = read_varint(message, position, end)
        number, wire_type = (key & 0xFFFFFFFF) >> 3, WireType(key & 7)
        value = position
        match wire_type:
            case WireType.VARINT:
                _, position = read_varint(message, position, end)
            case WireType.FIXED64:
                position += 8
            case WireType.FIXED32:
                position += 4
            case WireType.LENGTH_DELIMITED:
                length, value = read_varint(message, position, end)
                position = value + length
        if depth == 0:
            yield Field(number, wire_type, value, position)
        depth += (wire_type is WireType.GROUP_START) - (wire_type is WireType.GROUP_END)
