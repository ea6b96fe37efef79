"""Metadata that Python's types cannot hold."""

from __future__ import annotations

import pytest

from tickframe.errors import DecodeError
from tickframe.wire.contract import DataResponse, Value
from tickframe.wire.frames import write_frame
from tickframe.wire.reader import read_responses


@pytest.mark.parametrize("days", [1 - 2**31, 2**31 - 1, 3_000_000])
def test_a_day_out_of_range_is_an_error_that_names_the_entry(days: int) -> None:
    response = DataResponse()
    response.meta["listed"].CopyFrom(Value(days_value=days))
    with pytest.raises(DecodeError, match="'listed'"):
        list(read_responses(write_frame(response.SerializeToString())))
