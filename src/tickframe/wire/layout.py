"""The layout of a canonical response: where its columns are, known while it is still arriving.

Most bytes of a response are the packed values of its columns; between them are a header, map entries
and lengths. Only the encoding that every protobuf writer produces is read here. Any other valid
encoding raises :class:`NotCanonical`, and the official parser decodes the complete message.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tickframe.wire.fields import WireType, read_varint, tag

# Field numbers: of a response, of its table, of a map entry, and of every list.
HEADER, DATA, META = 1, 2, 3
COLUMNS = 1
KEY, VALUE = 1, 2
VALUES = 1

_HEADER_TAG, _DATA_TAG, _META_TAG = map(tag, (HEADER, DATA, META))
_COLUMNS_TAG, _KEY_TAG, _VALUE_TAG, _VALUES_TAG = map(tag, (COLUMNS, KEY, VALUE, VALUES))

# A tag of one byte, then a length of up to five bytes: what must have arrived to read on.
_LONGEST_TAG = 0x7F
_LONGEST_START = 6


class NotCanonical(Exception):  # noqa: N818, it is not an error: the other parser takes over
    """The message is not encoded as every protobuf writer does, or is invalid."""


class ColumnSpan(NamedTuple):
    """One column, with the message of its list at ``start:end``."""

    name: str
    list_number: int
    start: int
    end: int


class Layout:
    """The layout of a response, as far as it has arrived.

    Parameters
    ----------
    length
        Length of the message in bytes.

    Attributes
    ----------
    other_fields : list of (int, int)
        Start and end of the fields other than the table, including their tags.
    """

    def __init__(self, length: int) -> None:
        self.other_fields: list[tuple[int, int]] = []
        self._length = length
        self._names: set[str] = set()
        self._position = 0
        self._table_end = 0

    @property
    def complete(self) -> bool:
        """Whether the end of the message has been reached."""
        return self._position == self._length

    def columns(self, arrived: memoryview) -> Iterator[ColumnSpan]:
        """Return the columns that have arrived completely since the last call.

        Parameters
        ----------
        arrived
            The first bytes of the message, more than in the last call.

        Raises
        ------
        NotCanonical
            If the official parser must decode this message.
        """
        while self._position < self._length:
            in_table = self._position < self._table_end
            limit = self._table_end if in_table else self._length
            if min(limit, self._position + _LONGEST_START) > len(arrived):
                return
            key, start, end = _read_field(arrived, self._position, limit)
            if key == _DATA_TAG and not in_table:
                self._position, self._table_end = start, end
                continue
            if key != _COLUMNS_TAG if in_table else key not in (_HEADER_TAG, _META_TAG):
                raise NotCanonical
            if end > len(arrived):
                return
            field_start, self._position = self._position, end
            if in_table:
                yield self._new(_read_entry(arrived, start, end))
            else:
                self.other_fields.append((field_start, end))

    def _new(self, column: ColumnSpan) -> ColumnSpan:
        """Return a column whose name is new: a second one of the same name would replace the first."""
        if column.name in self._names:
            raise NotCanonical
        self._names.add(column.name)
        return column


def packed_values(message: memoryview, start: int, end: int) -> memoryview:
    """Return the packed values of a list; empty if there are none.

    Raises
    ------
    NotCanonical
        If the list holds anything else.
    """
    if start == end:
        return message[start:end]
    key, start, values_end = _read_field(message, start, end)
    if key != _VALUES_TAG or values_end != end:
        raise NotCanonical
    return message[start:end]


def _read_entry(message: memoryview, start: int, end: int) -> ColumnSpan:
    """Read a map entry: a key, then a list of one type that fills the rest of it."""
    key, name_start, name_end = _read_field(message, start, end)
    value, list_start, value_end = _read_field(message, name_end, end)
    list_tag, start, list_end = _read_field(message, list_start, end)
    if (key, value, value_end, list_end) != (_KEY_TAG, _VALUE_TAG, end, end):
        raise NotCanonical
    if list_tag & 7 != WireType.LENGTH_DELIMITED or list_tag > _LONGEST_TAG:
        raise NotCanonical
    try:
        return ColumnSpan(str(message[name_start:name_end], "utf-8"), list_tag >> 3, start, end)
    except UnicodeDecodeError:
        raise NotCanonical from None


def _read_field(message: memoryview, position: int, limit: int) -> tuple[int, int, int]:
    """Return the tag of a length-delimited field, and the start and end of its value."""
    try:
        length, start = read_varint(message, position + 1, min(limit, position + _LONGEST_START))
    except ValueError:
        raise NotCanonical from None
    if start + length > limit:
        raise NotCanonical
    return message[position], start, start + length
