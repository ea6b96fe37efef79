"""Responses encoded by hand as every protobuf writer does, independent of the package under test.

``Odd`` in ``odd_encodings`` encodes the same responses in other valid ways.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

VARINT, FIXED64, LENGTH_DELIMITED, GROUP_START, GROUP_END, FIXED32 = range(6)

#: The numbers of the list types in ``ValueList``; a ``Value`` has the same number as its list type.
STRINGS, INTEGERS, DOUBLES, BOOLEANS, DATES, TIMES = range(1, 7)
DAYS, MILLISECONDS, NANOSECONDS, TIMESTAMPS = range(8, 12)
OBJECT, LIST, MIXED = 14, 15, 15
UNSET = 0

INT32_LISTS = frozenset({DAYS, MILLISECONDS})
VARINT_LISTS = frozenset({INTEGERS, BOOLEANS, DAYS, MILLISECONDS, NANOSECONDS, TIMESTAMPS})
PACKED_LISTS = VARINT_LISTS | {DOUBLES}
#: What the compiled kernel reads if it is encoded canonically.
KERNEL_LISTS = PACKED_LISTS | {STRINGS}
LISTS = (*sorted(KERNEL_LISTS), DATES, TIMES, MIXED)


class Column(NamedTuple):
    """A column: strings are str or bytes, times (milliseconds, nanoseconds), values of a mixed list cells."""

    name: str
    list_number: int
    values: Sequence[Any]


class Cell(NamedTuple):
    """A ``Value``: a scalar, a ``Column`` as a list, or names and cells as an object."""

    number: int
    value: Any


class Response(NamedTuple):
    """A ``DataResponse``."""

    columns: Sequence[Column]
    warning: str = ""
    request_id: str = ""
    reference_id: str = ""
    meta: Sequence[tuple[str, Cell]] = ()


def varint(value: int, digits: int = 1) -> bytes:
    """Return a varint of at least ``digits`` bytes."""
    written = bytearray()
    while value > 0x7F or len(written) + 1 < digits:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


class Canonical:
    """Encodes as every protobuf writer does."""

    def tag(self, number: int, wire_type: int) -> bytes:
        return varint(number << 3 | wire_type)

    def length(self, length: int) -> bytes:
        return varint(length)

    def scalar(self, list_number: int, value: int) -> bytes:  # noqa: ARG002, for subclasses
        """Return the varint of a value of a list type."""
        return varint(value & 0xFFFF_FFFF_FFFF_FFFF)

    def between(self, fields: Iterable[bytes]) -> bytes:
        """Join the fields of a message that may have unknown fields."""
        return b"".join(fields)

    def nest(self, number: int, body: bytes) -> bytes:
        """Return a length-delimited field."""
        return self.tag(number, LENGTH_DELIMITED) + self.length(len(body)) + body

    def item(self, list_number: int, value: Any, number: int = 1) -> bytes:
        """Return a value of a list type as a field."""
        if list_number == STRINGS:
            return self.nest(number, value if isinstance(value, bytes) else value.encode())
        if list_number == DOUBLES:
            return self.tag(number, FIXED64) + struct.pack("<d", value)
        if list_number == DATES:
            return self.nest(number, self.between([self.number(10, value)]))
        if list_number == TIMES:
            return self.nest(number, self.between([self.number(1, value[0]), self.number(2, value[1])]))
        return self.tag(number, VARINT) + self.scalar(list_number, value)

    def number(self, number: int, value: int) -> bytes:
        """Return an int32 field of a message; nothing for zero."""
        return self.tag(number, VARINT) + self.scalar(DAYS, value) if value else b""

    def packed(self, list_number: int, values: Sequence[Any]) -> bytes:
        """Return packed values as a field."""
        if list_number == DOUBLES:
            return self.nest(1, struct.pack(f"<{len(values)}d", *values))
        return self.nest(1, b"".join(self.scalar(list_number, value) for value in values))

    def list_fields(self, list_number: int, values: Sequence[Any]) -> list[bytes]:
        """Return the fields of a list message."""
        if list_number == MIXED:
            return [self.nest(1, self.cell(cell)) for cell in values]
        if list_number in PACKED_LISTS:
            return [self.packed(list_number, values)] if values else []
        return [self.item(list_number, value) for value in values]

    def value_list_fields(self, column: Column) -> list[bytes]:
        """Return the fields of a ``ValueList``."""
        if column.list_number == UNSET:
            return []
        return [self.nest(column.list_number, self.between(self.list_fields(column.list_number, column.values)))]

    def cell(self, cell: Cell | None) -> bytes:
        """Return a ``Value``."""
        if cell is None:
            return b""
        if isinstance(cell.value, Column):
            return self.nest(LIST, b"".join(self.value_list_fields(cell.value)))
        if cell.number == OBJECT:
            fields = [self.nest(1, self.entry(name, [self.nest(2, self.cell(each))])) for name, each in cell.value]
            return self.nest(OBJECT, self.between(fields))
        return self.item(cell.number, cell.value, cell.number)

    def entry(self, name: str, values: Sequence[bytes]) -> bytes:
        """Return a map entry with a name and the fields of its value."""
        return self.nest(1, name.encode()) + b"".join(values)

    def column(self, column: Column) -> bytes:
        """Return the map entry of a column."""
        return self.entry(column.name, [self.nest(2, b"".join(self.value_list_fields(column)))])

    def header_fields(self, response: Response) -> list[bytes]:
        texts = [(1, response.request_id), (2, response.reference_id)]
        fields = [self.nest(number, self.nest(1, text.encode())) for number, text in texts if text]
        return [*fields, self.nest(4, response.warning.encode())] if response.warning else fields

    def tables(self, columns: Sequence[Column]) -> list[bytes]:
        """Return the fields that hold the table."""
        return [self.nest(2, b"".join(self.nest(1, self.column(column)) for column in columns))] if columns else []

    def headers(self, response: Response) -> list[bytes]:
        """Return the fields that hold the header."""
        fields = self.header_fields(response)
        return [self.nest(1, b"".join(fields))] if fields else []

    def message(self, response: Response) -> bytes:
        """Return a ``DataResponse``."""
        meta = [self.nest(3, self.entry(name, [self.nest(2, self.cell(cell))])) for name, cell in response.meta]
        return self.between([*self.headers(response), *self.tables(response.columns), *meta])
