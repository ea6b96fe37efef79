"""Mixed lists with nested unset values."""

from __future__ import annotations

import pytest

from tests.wire.comparison import outcome
from tests.wire.encodings import LIST, MIXED, OBJECT, Canonical, Cell, Column, Response
from tickframe.errors import TickframeError
from tickframe.wire.frames import write_frame

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
