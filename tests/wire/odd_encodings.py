"""Valid protobuf that no writer produces, and damaged bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from tests.wire.encodings import (
    BOOLEANS,
    DOUBLES,
    FIXED32,
    FIXED64,
    GROUP_END,
    GROUP_START,
    INT32_LISTS,
    INTEGERS,
    LENGTH_DELIMITED,
    LISTS,
    MIXED,
    PACKED_LISTS,
    STRINGS,
    UNSET,
    VARINT,
    Canonical,
    Cell,
    Column,
    Response,
    varint,
)

LONGEST_VARINT = 10
LONGEST_TAG = LONGEST_LENGTH = 5
LARGEST_NUMBER = 2**29 - 1

# Bytes that parsers tend to mishandle: limits of ranges, and tags of this contract.
CRITICAL = b"\x00\x01\x02\x05\x06\x07\x08\x0a\x0b\x0c\x0f\x10\x12\x1a\x22\x42\x7a\x7f\x80\x81\xc0\xe0\xed\xf0\xff"


class Odd(Canonical):
    """Encodes the same response in other valid ways.

    Parameters
    ----------
    random
        Generator of its choices.
    oddity
        Probability that a choice is unusual.
    damage
        Probability that the body of a field is damaged before its length is written. Above zero, the
        result may be invalid.
    """

    def __init__(self, random: Random, oddity: float = 0.2, damage: float = 0.0) -> None:
        self.random = random
        self.oddity = oddity
        self.damage = damage

    def chance(self) -> bool:
        return self.oddity > 0 and self.random.random() < self.oddity

    def parts(self, items: Sequence[Any]) -> list[Sequence[Any]]:
        """Split a sequence into parts, some of them empty."""
        cuts = sorted(self.random.randint(0, len(items)) for _ in range(self.random.randint(1, 3)))
        return [items[start:end] for start, end in zip([0, *cuts], [*cuts, len(items)], strict=True)]

    def tag(self, number: int, wire_type: int) -> bytes:
        return varint(number << 3 | wire_type, self.random.randint(1, LONGEST_TAG) if self.chance() else 1)

    def length(self, length: int) -> bytes:
        return varint(length, self.random.randint(1, LONGEST_LENGTH) if self.chance() else 1)

    def scalar(self, list_number: int, value: int) -> bytes:
        value &= 0xFFFF_FFFF_FFFF_FFFF
        if not self.chance():
            return varint(value)
        if list_number == BOOLEANS and value:
            value = self.random.randint(1, 2**64 - 1)
        if list_number in INT32_LISTS:
            value = value & 0xFFFF_FFFF | self.random.randint(0, 2**32 - 1) << 32
        if self.random.random() < 0.5:
            # Six bits of a tenth byte are ignored.
            value |= self.random.randint(0, 2**6 - 1) << 64
            return varint(value, LONGEST_VARINT)
        return varint(value, self.random.randint(1, LONGEST_VARINT))

    def nest(self, number: int, body: bytes) -> bytes:
        if not self.damage or self.random.random() >= self.damage:
            return super().nest(number, body)
        if self.random.random() < 0.3:
            # A length may be padded to five bytes and no further.
            length = varint(len(body), self.random.randint(2, LONGEST_LENGTH + 2))
            return self.tag(number, LENGTH_DELIMITED) + length + body
        return super().nest(number, damaged(self.random, body))

    def between(self, fields: Iterable[bytes]) -> bytes:
        joined = []
        for field in fields:
            if self.chance():
                joined.append(self.unknown())
            joined.append(field)
        if self.chance():
            joined.append(self.unknown())
        return b"".join(joined)

    def unknown(self, depth: int = 0) -> bytes:
        """Return a field that is not in the contract."""
        number = self.random.choice((16, 17, 2047, self.random.randint(16, LARGEST_NUMBER)))
        wire_type = self.random.choice((VARINT, FIXED64, FIXED32, LENGTH_DELIMITED, GROUP_START))
        if wire_type == GROUP_START:
            inside = [self.unknown(depth + 1) for _ in range(self.random.randint(0, 2))] if depth < 3 else []
            return self.tag(number, GROUP_START) + b"".join(inside) + self.tag(number, GROUP_END)
        return self.tag(number, wire_type) + self.content(wire_type)

    def content(self, wire_type: int) -> bytes:
        if wire_type == VARINT:
            return varint(self.random.randint(0, 2**64 - 1), self.random.randint(1, LONGEST_VARINT))
        if wire_type == LENGTH_DELIMITED:
            body = self.random.randbytes(self.random.randint(0, 5))
            return self.length(len(body)) + body
        return self.random.randbytes(8 if wire_type == FIXED64 else 4)

    def list_fields(self, list_number: int, values: Sequence[Any]) -> list[bytes]:
        if list_number not in PACKED_LISTS or not self.chance():
            fields = super().list_fields(list_number, values)
        else:
            fields = []
            for part in self.parts(values):
                if self.random.random() < 0.5:
                    fields.append(self.packed(list_number, part))
                else:
                    fields.extend(self.item(list_number, value) for value in part)
        if self.chance():
            # The field of the values with a wrong wire type is another unknown field.
            wire_type = FIXED32 if list_number != DOUBLES else VARINT
            wrong = self.tag(1, wire_type) + self.content(wire_type)
            fields.insert(self.random.randint(0, len(fields)), wrong)
        return fields

    def value_list_fields(self, column: Column) -> list[bytes]:
        if column.list_number == UNSET:
            return []
        fields = []
        if self.chance():
            # A previous list in the oneof is discarded if it is of another type.
            others = [number for number in (STRINGS, INTEGERS, DOUBLES, MIXED) if number != column.list_number]
            fields.append(self.decoy(column.list_number))
            fields.append(self.decoy(self.random.choice(others)))
        parts = self.parts(column.values) if self.chance() else [column.values]
        for part in parts:
            fields.append(self.nest(column.list_number, self.between(self.list_fields(column.list_number, part))))
            if self.chance():
                fields.append(self.unknown())
        return fields

    def cell(self, cell: Cell | None) -> bytes:
        body = super().cell(cell)
        if cell is None:
            return body
        if self.chance():
            body = self.item(INTEGERS, 7, INTEGERS) + body
        return body + self.unknown() if self.chance() else body

    def decoy(self, list_number: int) -> bytes:
        """Return a list that is discarded."""
        return self.nest(list_number, b"".join(self.list_fields(list_number, DECOYS[list_number])))

    def entry(self, name: str, values: Sequence[bytes]) -> bytes:
        keys = [self.nest(1, name.encode())] if name or not self.chance() else []
        if self.chance():
            keys.insert(0, self.nest(1, b"another key"))
            keys = keys if len(keys) > 1 else [*keys, self.nest(1, b"")]
        fields = [*keys, *values]
        if self.chance():
            # Keys and values keep their own order; how they are interleaved has no meaning.
            places = [0] * len(keys) + [1] * len(values)
            self.random.shuffle(places)
            left = [iter(keys), iter(values)]
            fields = [next(left[place]) for place in places]
        return b"".join(fields)

    def column(self, column: Column) -> bytes:
        fields = self.value_list_fields(column)
        parts = self.parts(fields) if self.chance() else [fields]
        return self.entry(column.name, [self.nest(2, b"".join(part)) for part in parts])

    def header_fields(self, response: Response) -> list[bytes]:
        fields = super().header_fields(response)
        if self.chance():
            fields.insert(0, self.nest(4, b"an earlier warning"))
            fields.append(self.nest(4, response.warning.encode()))
        return fields

    def headers(self, response: Response) -> list[bytes]:
        fields = self.header_fields(response)
        if not self.chance():
            return [self.nest(1, b"".join(fields))] if fields else []
        return [self.nest(1, self.between(part)) for part in self.parts(fields)]

    def tables(self, columns: Sequence[Column]) -> list[bytes]:
        entries = [self.nest(1, self.column(column)) for column in columns]
        if entries and self.chance():
            # An earlier entry with the column's name is replaced, but its position is kept.
            at = self.random.randrange(len(columns))
            column = self.random.choice((Column("", UNSET, ()), Column("", INTEGERS, (7, 8))))
            entries.insert(at, self.nest(1, self.column(column._replace(name=columns[at].name))))
        parts = self.parts(entries) if self.chance() else [entries]
        return [self.nest(2, self.between(part)) for part in parts]

    def message(self, response: Response) -> bytes:
        tables = self.tables(response.columns)
        beside = [*self.headers(response)]
        meta = [self.nest(3, self.entry(name, [self.nest(2, self.cell(cell))])) for name, cell in response.meta]
        fields = [*beside, *tables, *meta]
        if self.chance():
            # Fields of the same number keep their order.
            places = [0] * len(beside) + [1] * len(tables) + [2] * len(meta)
            self.random.shuffle(places)
            left = [iter(beside), iter(tables), iter(meta)]
            fields = [next(left[place]) for place in places]
        return self.between(fields)


DECOYS: dict[int, Sequence[Any]] = {
    number: (1, 0) if number in PACKED_LISTS else ("decoy",) if number == STRINGS else () for number in LISTS
} | {MIXED: (Cell(STRINGS, "decoy"),)}


def damaged(random: Random, message: bytes, other: bytes = b"") -> bytes:
    """Return the bytes with one to three faults; spliced bytes come from ``other``."""
    faulty = bytearray(message)
    for _ in range(random.choice((1, 1, 2, 3))):
        _damage(random, faulty, other or message)
    return bytes(faulty)


def _damage(random: Random, faulty: bytearray, other: bytes) -> None:
    size = len(faulty)
    at = int(random.random() * (size + 1))
    kind = int(random.random() * 8) if at < size else 4
    if kind == 0:
        faulty[at] ^= 1 << int(random.random() * 8)
    elif kind == 1:
        faulty[at] = CRITICAL[int(random.random() * len(CRITICAL))]
    elif kind == 2:
        faulty[at] = (faulty[at] + random.choice((-1, 1))) & 0xFF
    elif kind == 3:
        del faulty[at : at + 1 + int(random.random() * 4)]
    elif kind == 4:
        faulty[at:at] = bytes((CRITICAL[int(random.random() * len(CRITICAL))],))
    elif kind == 5:
        faulty[at:at] = random.randbytes(1 + int(random.random() * 4))
    elif kind == 6:
        start = int(random.random() * (len(other) + 1))
        faulty[at : at + int(random.random() * 6)] = other[start : start + 1 + int(random.random() * 24)]
    elif random.random() < 0.3:
        del faulty[at:]
    else:
        # Duplicate some bytes: a repeated field, or more values.
        faulty[at:at] = faulty[at : at + 1 + int(random.random() * 16)]
