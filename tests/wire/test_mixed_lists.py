"""Mixed lists with nested unset values."""

from __future__ import annotations

import datetime as dt
import tracemalloc

import pytest

from tests.wire.comparison import outcome
from tests.wire.encodings import DATES, DAYS, INTEGERS, LIST, MIXED, OBJECT, Canonical, Cell, Column, Response
from tickframe.errors import TickframeError
from tickframe.wire.frames import write_frame
from tickframe.wire.reader import read_responses

UNSET_LIST = Cell(LIST, Column("", MIXED, [None, None]))
UNSET_OBJECT = Cell(OBJECT, [("x", None), ("y", None)])


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (UNSET_LIST, [None, None]),
        (UNSET_OBJECT, [("x", None), ("y", None)]),
        (Cell(OBJECT, [("x", UNSET_OBJECT)]), [("x", [("x", None), ("y", None)])]),
        (Cell(LIST, Column("", MIXED, [UNSET_LIST, None])), [[None, None], None]),
    ],
)
def test_nested_nulls_are_valid_arrays(cell: Cell, expected: list[object]) -> None:
    message = Canonical().message(Response([Column("a", MIXED, [cell, None, cell])]))
    decoded = outcome(write_frame(message))
    assert not isinstance(decoded, TickframeError)
    column = decoded[0].batches[0].column(0)
    column.validate(full=True)
    assert column.to_pylist() == [expected, None, expected]


def test_values_are_read_one_at_a_time() -> None:
    """Millions of them, kept as objects, would be slow to collect: two million took 15 times as long."""
    frame = write_frame(Canonical().message(Response([Column("a", MIXED, [Cell(INTEGERS, 1)] * 100_000)])))
    tracemalloc.start()
    try:
        list(read_responses(frame))
        assert tracemalloc.get_traced_memory()[1] < 100 * 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("nulls", [[], [0], [1, 4], [5], range(6)])
def test_values_of_several_kinds_keep_their_places(nulls: list[int]) -> None:
    """Days as a date and as a number of days are of one Arrow type."""
    cells: list[Cell | None] = [Cell(DAYS if place % 2 else DATES, place) for place in range(6)]
    expected: list[dt.date | None] = [dt.date(1970, 1, 1 + place) for place in range(6)]
    for place in nulls:
        cells[place] = expected[place] = None
    decoded = outcome(write_frame(Canonical().message(Response([Column("a", MIXED, cells)]))))
    assert not isinstance(decoded, TickframeError)
    assert decoded[0].batches[0].column(0).to_pylist() == expected
