"""Small random responses, drawn fast enough for a fuzzer."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from tests.wire.encodings import (
    BOOLEANS,
    DATES,
    DAYS,
    DOUBLES,
    INTEGERS,
    KERNEL_LISTS,
    LISTS,
    MILLISECONDS,
    MIXED,
    NANOSECONDS,
    OBJECT,
    STRINGS,
    TIMES,
    TIMESTAMPS,
    UNSET,
    Cell,
    Column,
    Response,
)
from tickframe.wire.lists import NULL_INT32, NULL_INT64, SHIFTED_NULL_DAY, SHIFTED_NULL_TIMESTAMP

#: Columns that are decoded as labels.
LABELS = frozenset({"label", "b"})
NAMES = ("a", "b", "label", "größe", "", "price")

# Lengths around the 64 bytes that the kernel reads at once, and around the words of short strings.
LENGTHS = (0, 1, 1, 2, 2, 3, 3, 4, 5, 8, 9, 16, 17)
LONG_LENGTHS = (31, 36, 63, 64, 65, 71, 72, 73, 80, 127, 136, 144)
STRING_SIZES = (0, 1, 2, 3, 6, 7, 8, 9, 14, 15, 16, 17, 24)
ALPHABETS = ("ab", "A", "XETRA", "aé", "€a\U0001f600", "\x00\x7f\u0080\u07ff\u0800\uffff")


def int64(random: Random) -> int:
    """Return an integer of any size, sometimes the null."""
    kind = random.random()
    if kind < 0.15:
        return random.choice((NULL_INT64, SHIFTED_NULL_TIMESTAMP))
    if kind < 0.5:
        return random.getrandbits(7)
    return random.getrandbits(int(kind * 63)) * random.choice((1, 1, -1))


def int32(random: Random) -> int:
    """Return a 32-bit integer, sometimes the null."""
    kind = random.random()
    if kind < 0.15:
        return random.choice((NULL_INT32, SHIFTED_NULL_DAY))
    return random.getrandbits(1 + int(kind * 30)) * random.choice((1, 1, -1))


def double(random: Random) -> float:
    """Return a number, an infinity, a signed zero, a denormal or any NaN."""
    kind = random.random()
    if kind < 0.4:
        return random.randrange(10000) / 100
    if kind < 0.6:
        return random.choice((0.0, -0.0, float("nan"), float("inf"), -float("inf"), 5e-324))
    bits = random.getrandbits(64) | (0x7FF0_0000_0000_0000 if kind < 0.75 else 0)
    value: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return value


def text(random: Random) -> str:
    """Return a short string, one of few or a random one."""
    if random.random() < 0.5:
        return random.choice(("", "A", "XETRA", "ZAL.XE", "0123456789abcde", "0123456789abcdef"))
    alphabet = random.choice(ALPHABETS)
    return "".join(random.choice(alphabet) for _ in range(random.choice(STRING_SIZES)))


def cell(random: Random, depth: int = 0) -> Cell | None:
    """Return a value of a mixed list."""
    kind = random.random()
    if kind < 0.15:
        return None
    if kind < 0.3 and depth < 3:
        return Cell(OBJECT, [(random.choice("xyz"), cell(random, depth + 1)) for _ in range(random.randint(0, 2))])
    if kind < 0.5 and depth < 3:
        return Cell(LIST_VALUE, column(random, random.randint(0, 2), random.choice((UNSET, *LISTS)), depth + 1))
    number = random.choice(tuple(VALUES))
    return Cell(number, VALUES[number](random))


LIST_VALUE = 15

VALUES: Mapping[int, Callable[[Random], Any]] = {
    STRINGS: text,
    INTEGERS: int64,
    DOUBLES: double,
    BOOLEANS: lambda random: random.getrandbits(1),
    DATES: int32,
    TIMES: lambda random: (int32(random), int32(random)),
    DAYS: int32,
    MILLISECONDS: int32,
    NANOSECONDS: int64,
    TIMESTAMPS: int64,
}


def mixed(random: Random, rows: int, depth: int) -> Sequence[Cell | None]:
    """Return the cells of a mixed list, mostly of a common type."""
    if random.random() < 0.3:
        return [cell(random, depth) for _ in range(rows)]
    number = random.choice(tuple(VALUES))
    return [None if random.random() < 0.2 else Cell(number, VALUES[number](random)) for _ in range(rows)]


def column(random: Random, rows: int, list_number: int, depth: int = 0, name: str = "") -> Column:
    """Return a column of one list type."""
    if list_number == UNSET:
        return Column(name, UNSET, ())
    if list_number == MIXED:
        return Column(name, MIXED, mixed(random, rows, depth))
    draw = VALUES[list_number]
    return Column(name, list_number, [draw(random) for _ in range(rows)])


KERNEL_TYPES = tuple(sorted(KERNEL_LISTS))


def random_response(random: Random) -> Response:
    """Return a response of a few columns, mostly of types that the kernel reads."""
    rows = random.choice(LENGTHS if random.random() < 0.85 else LONG_LENGTHS)
    names = random.sample(NAMES, random.choice((1, 1, 1, 2, 2, 3)))
    columns = []
    for name in names:
        list_number = random.choice(KERNEL_TYPES if random.random() < 0.9 else (*LISTS, UNSET))
        if name in LABELS and random.random() < 0.7:
            list_number = STRINGS
        columns.append(column(random, rows, list_number, name=name))
    if random.random() < 0.7:
        return Response(columns)
    meta = [(name, cell(random, 2)) for name in random.sample(("cursor", "total_hits", ""), random.randint(0, 2))]
    return Response(columns, text(random), text(random), text(random), meta)
