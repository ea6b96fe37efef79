"""Hypothesis strategies for responses: every list type, null values, and the limits of every range."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.wire.encodings import (
    BOOLEANS,
    DATES,
    DAYS,
    DOUBLES,
    INTEGERS,
    KERNEL_LISTS,
    LIST,
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
from tickframe.catalogue import Column as DocumentedColumn
from tickframe.catalogue import ColumnKind

NULL_INT32, NULL_INT64 = -(2**31), -(2**63)

#: Columns of these names are decoded as labels.
LABELS = (DocumentedColumn("label", ColumnKind.LABEL), DocumentedColumn("venue", ColumnKind.LABEL))


def every_width(bits: int) -> SearchStrategy[int]:
    """Return integers, often the null or one around which a varint grows by a byte."""
    edges = [sign * (1 << shift) + off for shift in range(0, bits, 7) for sign in (1, -1) for off in (-1, 0, 1)]
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1
    edges = [edge for edge in [*edges, least, least + 1, most] if least <= edge <= most]
    return st.just(least) | st.sampled_from(edges) | st.integers(least, most)


#: Any 64 bits, including NaN payloads.
DOUBLE_BITS = (st.integers(0, 2**64 - 1) | st.integers(0x7FF0 << 48, 2**63 - 1)).map(
    lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0]
)

LABEL_TEXT = st.sampled_from(
    ["", "A", "XETRA", "sevenby", "eight by", "fourteen bytes", "fifteen bytes!!", "sixteen bytes!!!"]
)
TEXT = LABEL_TEXT | st.text(max_size=20) | st.text("aé€\U0001f600\x00", max_size=20)

VALUES: Mapping[int, SearchStrategy[Any]] = {
    STRINGS: TEXT,
    INTEGERS: every_width(64),
    DOUBLES: st.floats() | DOUBLE_BITS,
    BOOLEANS: st.integers(0, 1),
    DATES: every_width(32),
    TIMES: st.tuples(every_width(32), every_width(32)),
    DAYS: every_width(32),
    MILLISECONDS: every_width(32),
    NANOSECONDS: every_width(64),
    TIMESTAMPS: every_width(64),
}

# A few rows, or as many as are around the 64 bytes that the kernel reads at once.
ROWS = st.integers(0, 12) | st.sampled_from([31, 32, 63, 64, 65, 71, 72, 73, 128, 136, 200])
NAMES = st.lists(
    st.sampled_from(["label", "venue", "", "größe", "price"]) | st.text(max_size=4), unique=True, max_size=4
)


def cells(depth: int = 2) -> SearchStrategy[Cell | None]:
    """Return values of a mixed list."""
    scalars = st.one_of([st.builds(Cell, st.just(number), values) for number, values in VALUES.items()])
    if not depth:
        return st.none() | scalars
    fields = st.lists(st.tuples(st.sampled_from("xyz"), cells(depth - 1)), max_size=2, unique_by=lambda field: field[0])
    lists = st.builds(Cell, st.just(LIST), columns(st.just(""), LISTS, st.integers(0, 2), depth - 1))
    return st.none() | scalars | st.builds(Cell, st.just(OBJECT), fields) | lists


@st.composite
def columns(
    draw: DrawFn, names: SearchStrategy[str], list_numbers: Any, rows: SearchStrategy[int], depth: int = 2
) -> Column:
    """Return a column of one of several list types."""
    name, list_number, count = draw(names), draw(st.sampled_from(sorted(list_numbers))), draw(rows)
    if name in ("label", "venue") and draw(st.booleans()):
        list_number = STRINGS
    if list_number == UNSET:
        return Column(name, UNSET, ())
    if list_number == MIXED:
        one_kind = draw(st.sampled_from(sorted(VALUES)))
        alike = st.none() | st.builds(Cell, st.just(one_kind), VALUES[one_kind])
        values = draw(st.sampled_from([alike, alike, cells(depth)]))
        return Column(name, MIXED, draw(st.lists(values, min_size=count, max_size=count)))
    if count <= 12:
        return Column(name, list_number, draw(st.lists(VALUES[list_number], min_size=count, max_size=count)))
    # Long columns repeat a few values at random: to draw each value would take too long.
    few = draw(st.lists(VALUES[list_number], min_size=1, max_size=8))
    random = draw(st.randoms(use_true_random=True))
    return Column(name, list_number, [random.choice(few) for _ in range(count)])


@st.composite
def responses(draw: DrawFn, list_numbers: Any = LISTS) -> Response:
    """Return responses with columns of equal length."""
    rows = st.just(draw(ROWS))
    made = [draw(columns(st.just(name), list_numbers, rows)) for name in draw(NAMES)]
    meta = draw(st.lists(st.tuples(st.text(max_size=3), cells(1)), max_size=2, unique_by=lambda field: field[0]))
    return Response(made, draw(TEXT), draw(TEXT), draw(TEXT), meta)


def canonical_responses() -> SearchStrategy[Response]:
    """Return responses that the kernel decodes."""
    return responses(KERNEL_LISTS)
