"""The skeleton of a canonical response: where its columns lie, while it is still arriving.

A response is a short skeleton (header, map entries, one list each) around long runs of bytes. Only
what every protobuf writer produces is walked here; whatever else is legal raises
:class:`NotCanonical`, and the message goes, whole, to the official parser.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_LENGTH_DELIMITED = 2
_HEADER, _DATA, _META = (number << 3 | _LENGTH_DELIMITED for number in (1, 2, 3))
_COLUMNS = _KEY = 1 << 3 | _LENGTH_DELIMITED
_VALUE = 2 << 3 | _LENGTH_DELIMITED

# A tag of one byte and a length of up to five: what must be at hand to read on.
_LONGEST_START = 6
_LONGEST_LENGTH = 5


class NotCanonical(Exception):  # noqa: N818, it is no error: another way is taken
    """The message is none that a protobuf writer produces, or not yet known to be."""


class ColumnSpan(NamedTuple):
    """One column: the message of its list lies at ``start:end``."""

    name: str
    list_number: int
    start: int
    end: int


class Skeleton:
    """Walks over a response as far as it has arrived.

    Attributes
    ----------
    others : list of (int, int)
        Where the fields beside the table lie, tags included.
    """

    def __init__(self, length: int) -> None:
        self.others: list[tuple[int, int]] = []
        self._length = length
        self._names: set[str] = set()
        self._position = 0
        self._table_end = 0

    @property
    def complete(self) -> bool:
        """Whether the walk has come to the end of the message."""
        return self._position == self._length

    def columns(self, arrived: memoryview) -> Iterator[ColumnSpan]:
        """Return the columns that have arrived whole since the last call.

        Parameters
        ----------
        arrived
            The first bytes of the message, more than at the last call.

        Raises
        ------
        NotCanonical
            If the official parser must read this message.
        """
        while self._position < self._length:
            in_table = self._position < self._table_end
            limit = self._table_end if in_table else self._length
            if min(limit, self._position + _LONGEST_START) > len(arrived):
                return
            tag = arrived[self._position]
            length, start = _read_length(arrived, self._position + 1, limit)
            end = start + length
            if end > limit:
                raise NotCanonical
            if in_table:
                if tag != _COLUMNS:
                    raise NotCanonical
                if end > len(arrived):
                    return
                self._position = end
                yield self._new(_read_entry(arrived, start, end))
            elif tag == _DATA:
                self._position, self._table_end = start, end
            elif tag in (_HEADER, _META):
                if end > len(arrived):
                    return
                self.others.append((self._position, end))
                self._position = end
            else:
                raise NotCanonical

    def _new(self, column: ColumnSpan) -> ColumnSpan:
        """Return a column that was not there before: a later one of its name would replace it."""
        if column.name in self._names:
            raise NotCanonical
        self._names.add(column.name)
        return column


def _read_length(message: memoryview, position: int, limit: int) -> tuple[int, int]:
    """Return a length and where the bytes that it speaks of begin."""
    if position >= limit:
        raise NotCanonical
    length = message[position]
    position += 1
    if length < 0x80:
        return length, position
    length &= 0x7F
    for shift in range(7, 7 * _LONGEST_LENGTH, 7):
        if position >= limit:
            raise NotCanonical
        digit = message[position]
        position += 1
        length |= (digit & 0x7F) << shift
        if digit < 0x80:
            return length, position
    raise NotCanonical


def _read_entry(message: memoryview, start: int, end: int) -> ColumnSpan:
    """Read a map entry: a key, then a list of one type that fills the rest of it."""
    if end - start < 2 or message[start] != _KEY:
        raise NotCanonical
    length, start = _read_length(message, start + 1, end)
    value = start + length
    if value + 2 > end or message[value] != _VALUE:
        raise NotCanonical
    try:
        name = str(message[start:value], "utf-8")
    except UnicodeDecodeError:
        raise NotCanonical from None
    length, start = _read_length(message, value + 1, end)
    if start + length != end or length < 2:
        raise NotCanonical
    tag = message[start]
    length, start = _read_length(message, start + 1, end)
    if tag & 7 != _LENGTH_DELIMITED or tag >= 0x80 or start + length != end:
        raise NotCanonical
    return ColumnSpan(name, tag >> 3, start, end)


def packed_run(message: memoryview, start: int, end: int) -> memoryview:
    """Return the values of a list that holds one packed run, or nothing.

    Raises
    ------
    NotCanonical
        If the list holds anything else.
    """
    if start == end:
        return message[start:end]
    if message[start] != _LENGTH_DELIMITED + (1 << 3):
        raise NotCanonical
    length, start = _read_length(message, start + 1, end)
    if start + length != end:
        raise NotCanonical
    return message[start:end]
