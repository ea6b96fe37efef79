"""Days, times, symbols and enums: valid and invalid arguments."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickframe as tf
from tickframe.catalogue import FUNCTIONS, TickDataFlag, TickDataType
from tickframe.plan.arguments import check_arguments, parse_day, parse_days, parse_member, parse_strings, parse_time

TICKS = {"source": "ACTIV", "symbol": "ZAL.XE", "day": "2016-05-05", "data_type": "TRADES"}


@pytest.mark.parametrize(
    "day",
    [
        "2016-05-05",
        "2016.05.05",
        dt.date(2016, 5, 5),
        dt.datetime(2016, 5, 5),  # noqa: DTZ001, without a time zone on purpose
        pd.Timestamp("2016-05-05"),
        np.datetime64("2016-05-05"),
    ],
)
def test_a_day_can_be_written_in_many_ways(day: object) -> None:
    assert parse_day(day) == dt.date(2016, 5, 5)


@pytest.mark.parametrize(
    "day",
    [
        "05/05/2016",
        "2016-5-5",
        "2016-05.05",
        "2016-02-30",
        "",
        20160505,
        None,
        pd.NaT,
        pd.Timestamp("2016-05-05 09:00"),
        pd.Timestamp("2016-05-05", tz="UTC"),
        np.datetime64("2016"),
        np.datetime64("2016-05"),
        np.datetime64("20000-01-01"),
    ],
)
def test_an_invalid_day_is_refused(day: object) -> None:
    with pytest.raises(ValueError, match="day"):
        parse_day(day)


def test_a_pair_of_days_is_an_inclusive_range_of_calendar_days() -> None:
    days = parse_days(("2016-02-28", dt.date(2016, 3, 1)))
    assert [str(day) for day in days] == ["2016-02-28", "2016-02-29", "2016-03-01"]


@pytest.mark.parametrize(
    "days", [("2016-05-06", "2016-05-05"), ("2016-05-05",), ["2016-05-05", "2016-05-06"], ("a", "b")]
)
def test_an_invalid_pair_of_days_is_refused(days: object) -> None:
    with pytest.raises(ValueError, match="day"):
        parse_days(days)


@given(st.integers(0, 24 * 3600 * 10**9 - 1))
def test_a_time_of_day_is_exact_to_the_nanosecond(nanoseconds: int) -> None:
    seconds, fraction = divmod(nanoseconds, 10**9)
    written = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:09}"
    assert parse_time(written).value == nanoseconds
    assert parse_time(pd.Timedelta(nanoseconds, unit="ns")).value == nanoseconds
    assert parse_time(np.timedelta64(nanoseconds, "ns")).value == nanoseconds


@pytest.mark.parametrize("time", ["09:00", "09:00:00", "9:00:00.000", dt.time(9), dt.timedelta(hours=9)])
def test_a_time_can_be_written_in_many_ways(time: object) -> None:
    assert parse_time(time) == pd.Timedelta(hours=9)


@pytest.mark.parametrize(
    "time", ["9", "09:60", "09:00:61", "25:00", "-01:00", "09:00:00.0000000001", 9, None, pd.NaT, dt.timedelta(days=2)]
)
def test_an_invalid_time_is_refused(time: object) -> None:
    with pytest.raises(ValueError, match="time"):
        parse_time(time)


def test_a_repeated_symbol_counts_once() -> None:
    assert parse_strings(["A", "B", "A"], "symbol") == ("A", "B")


@pytest.mark.parametrize(
    "symbols", ["", "  ", [], ["A", ""], [1], None, 5, b"ZAL", {"A": 1}, np.array("A"), pd.DataFrame({"A": [1]})]
)
def test_an_invalid_symbol_is_refused(symbols: object) -> None:
    with pytest.raises(ValueError, match="symbol"):
        parse_strings(symbols, "symbol")


@pytest.mark.parametrize("data_type", [TickDataType.TRADES, "TRADES", "trades"])
def test_an_enum_can_be_given_by_name(data_type: object) -> None:
    assert check_arguments(FUNCTIONS["tick_data"], TICKS | {"data_type": data_type})["data_type"] == "TRADES"


def test_one_flag_or_several_are_accepted() -> None:
    several = check_arguments(FUNCTIONS["tick_data"], TICKS | {"flags": ["USE_MARKET_TS", "use_market_ts"]})
    assert several["flags"] == (TickDataFlag.USE_MARKET_TS,)
    one = check_arguments(FUNCTIONS["tick_data"], TICKS | {"flags": TickDataFlag.USE_MARKET_TS})
    assert one["flags"] == several["flags"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data_type": "TRADE"}, "did you mean 'TRADES'"),
        ({"data_type": 3}, "expected one of TRADES"),
        ({"data_type": "quote"}, "did you mean 'QUOTES'"),
        ({"data_type": "TRADES_QUOTES"}, r"did you mean 'TRADES_AND_QUOTES'\? Client.get\(\) sends any name"),
        ({"data_type": "market depth"}, "expected one of TRADES"),
        ({"flags": [""]}, "expected one of USE_MARKET_TS"),
        ({"flags": ["NOT A NAME"]}, "expected one of USE_MARKET_TS"),
        ({"flags": 3}, "flags"),
        ({"flags": {"USE_MARKET_TS": False}}, "flags"),
        ({"form_time": "09:00"}, "did you mean 'from_time'"),
        ({"source": ""}, "source is empty"),
        ({"source": None}, "missing argument 'source'"),
        ({"from_time": "10:00", "to_time": "09:00"}, "reversed range"),
    ],
)
def test_an_invalid_argument_is_refused_with_a_suggestion(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_arguments(FUNCTIONS["tick_data"], TICKS | change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"flags": ["INCLUDE_NONREGULAR"]}, "did you mean 'INCLUDE_NON_REGULAR'"),
        ({"flags": "ODD_LOTS_ONLY"}, "flags 'ODD_LOTS_ONLY' is not known to this version"),
        ({"data_type": "MARKET_BY_PRICE"}, "data_type 'MARKET_BY_PRICE' is not known to this version"),
    ],
)
def test_a_name_that_this_version_does_not_know_is_sent_with_a_warning(change: dict[str, object], words: str) -> None:
    with pytest.warns(tf.TickframeWarning, match=words) as warned:
        checked = check_arguments(FUNCTIONS["tick_data"], TICKS | change)
    assert [(warning.filename, len(warned)) for warning in warned] == [(__file__, 1)]
    [(name, value)] = change.items()
    sent = value if name == "data_type" else (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]
    assert checked[name] == sent


def test_a_mistyped_chain_type_is_refused() -> None:
    with pytest.raises(ValueError, match="did you mean 'FUTURES'"):
        parse_member("future", tf.ChainType, "chain_type")


def test_an_unknown_data_type_has_the_columns_that_all_have() -> None:
    columns = FUNCTIONS["tick_data"].columns_for("MARKET_BY_PRICE")
    assert [column.name for column in columns] == ["symbol", "date", "time"]


def test_a_reversed_range_of_days_is_refused() -> None:
    asked = {"source": "ACTIV", "symbols": "A", "first_day": "2016-05-06", "last_day": "2016-05-05"}
    with pytest.raises(ValueError, match="first_day 2016-05-06 is after last_day"):
        check_arguments(FUNCTIONS["end_of_day"], asked)


@pytest.mark.parametrize("limit", [0, -1, 1.5, "10", True])
def test_a_count_must_be_a_positive_integer(limit: object) -> None:
    with pytest.raises(ValueError, match="page_limit"):
        check_arguments(FUNCTIONS["lookup_symbols"], {"source": "ACTIV", "page_limit": limit})
