"""Dates of contract 1.x, and nulls that were moved from 2000 to 1970: never 1970-01-01, never a sentinel."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from tests.wire.comparison import difference, official_outcome, outcome
from tests.wire.encodings import DATES, DAYS, TIMESTAMPS, Canonical, Column, Response
from tickframe.errors import DecodeError, TickframeError
from tickframe.wire import reader
from tickframe.wire.contract import DataResponse, Value, ValueList
from tickframe.wire.contract.types_pb2 import Date, DateList, MixedList
from tickframe.wire.fields import write_varint
from tickframe.wire.frames import write_frame
from tickframe.wire.reader import read_responses


def date(year: int = 0, month: int = 0, day: int = 0, **fields: int) -> Date:
    """Return a date of contract 1.x, written as every protobuf writer does: zeros are omitted."""
    parts = b"".join(
        write_varint(number << 3) + write_varint(value) for number, value in enumerate((year, month, day), 1) if value
    )
    return Date.FromString(parts + Date(**fields).SerializeToString())


def response_of(column: ValueList) -> bytes:
    response = DataResponse()
    response.data.columns["when"].CopyFrom(column)
    return write_frame(response.SerializeToString())


def read(column: ValueList) -> pa.Array:
    frame = response_of(column)
    decoded = outcome(frame)
    assert difference(decoded, official_outcome(frame)) == ""
    if isinstance(decoded, TickframeError):
        raise decoded
    return decoded[0].batches[0].column(0)


def as_list(*dates: Date) -> ValueList:
    return ValueList(date_list=DateList(values=dates))


def as_mixed(*dates: Date) -> ValueList:
    return ValueList(mixed_list=MixedList(values=[Value(date_value=each) for each in dates]))


@pytest.mark.parametrize("columns", [as_list, as_mixed])
def test_a_date_of_year_month_and_day_is_read(columns) -> None:
    array = read(columns(date(2016, 5, 5), date(1969, 12, 31), date(2000, 1, 1), date(1970, 1, 1)))
    assert array.type == pa.date32()
    assert array.to_pylist() == [dt.date(2016, 5, 5), dt.date(1969, 12, 31), dt.date(2000, 1, 1), dt.date(1970, 1, 1)]


def test_dates_of_both_contracts_are_read() -> None:
    array = read(as_list(date(days=16_926), date(2016, 5, 5), date(2016, 5, 5, days=16_926), date(days=-(2**31))))
    assert array.to_pylist() == [dt.date(2016, 5, 5)] * 3 + [None]


@pytest.mark.parametrize("columns", [as_list, as_mixed])
@pytest.mark.parametrize(
    "wrong",
    [
        date(2016),
        date(2016, 13, 5),
        date(2015, 2, 29),
        date(0, 5, 5),
        date(10_000, 1, 1),
        date(2**64 - 1, 1, 1),
        date(2016, 5, 5, days=1),
    ],
)
def test_what_is_no_date_is_an_error_that_names_the_column(columns, wrong: Date) -> None:
    with pytest.raises(DecodeError, match="column 'when' cannot be read") as raised:
        read(columns(date(2016, 5, 5), wrong))
    assert raised.value.column == "when"


def test_a_date_of_zeros_is_null() -> None:
    zeros = Date.FromString(b"\x08\x00\x10\x00\x18\x00")
    dates = [date(2016, 5, 5), zeros, date(), date(1970, 1, 1)]
    assert read(as_list(*dates)).to_pylist() == [dt.date(2016, 5, 5), None, None, dt.date(1970, 1, 1)]
    assert read(as_list(date(), date(days=1))).to_pylist() == [dt.date(1970, 1, 1), dt.date(1970, 1, 2)]


def test_a_date_in_the_metadata_is_read_or_an_error() -> None:
    response = DataResponse()
    response.meta["listed"].date_value.CopyFrom(date(2016, 5, 5))
    [read_back] = read_responses(write_frame(response.SerializeToString()))
    assert read_back.meta == {"listed": dt.date(2016, 5, 5)}
    response.meta["listed"].date_value.CopyFrom(date(2016))
    with pytest.raises(DecodeError, match="'listed'"):
        list(read_responses(write_frame(response.SerializeToString())))


@pytest.mark.parametrize(
    ("list_number", "null", "shifted"),
    [(DAYS, -(2**31), -2147472691), (DATES, -(2**31), -2147472691), (TIMESTAMPS, -(2**63), -8276687236854775808)],
)
@pytest.mark.parametrize("with_null", [True, False])
def test_a_null_that_was_moved_to_1970_is_null(list_number: int, null: int, shifted: int, with_null: bool) -> None:
    values = [0, shifted, shifted + 1, shifted - 1, *([null] if with_null else [])]
    frame = write_frame(Canonical().message(Response([Column("when", list_number, values)])))
    decoded = outcome(frame)
    assert difference(decoded, official_outcome(frame)) == ""
    assert not isinstance(decoded, TickframeError)
    array = decoded[0].batches[0].column(0)
    array.validate(full=True)
    assert array.is_null().to_pylist() == [False, True, False, False, *([True] if with_null else [])]
    assert (decoded[0].engine == "kernel") == (reader.kernel is not None and list_number != DATES)


@pytest.mark.parametrize(
    "value",
    [
        Value(days_value=-(2**31)),
        Value(days_value=-2147472691),
        Value(timestamp_value=-(2**63)),
        Value(timestamp_value=-8276687236854775808),
    ],
)
def test_a_null_in_the_metadata_is_none(value: Value) -> None:
    response = DataResponse()
    response.meta["listed"].CopyFrom(value)
    [read_back] = read_responses(write_frame(response.SerializeToString()))
    assert read_back.meta == {"listed": None}
