"""Quotes that stood at trades, spreads and middles equal a plain reference."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given

from tests.accessor import frames, reference

QUOTE = ["ask", "ask_size", "bid", "bid_size"]


@frames.examples
@given(frames.trades, frames.quotes, frames.backends, frames.backends, frames.time_zones)
def test_join_quotes(trades, quotes, backend, quotes_backend, tz):
    """Each trade gets the last quote of its symbol at or before it, its nulls too, in the quotes' dtypes."""
    trades, quotes = frames.frame_of(trades, backend, tz), frames.frame_of(quotes, quotes_backend, tz)
    before = trades.copy()
    joined = trades.ticks.join_quotes(quotes)
    pd.testing.assert_frame_equal(joined[trades.columns], before)
    pd.testing.assert_frame_equal(trades, before)
    assert list(joined.columns) == [*trades.columns, *QUOTE]
    assert joined[QUOTE].dtypes.equals(quotes[QUOTE].dtypes)
    standing = reference.standing_quotes(trades, quotes)
    for name in QUOTE:
        expected = [quote and quote[name] for quote in standing]
        assert all(reference.same(*pair) for pair in zip(joined[name], expected, strict=True)), name


@frames.examples
@given(frames.trades, frames.quotes, frames.backends)
def test_date_and_time_as_columns_join_alike(trades, quotes, backend):
    """Frames of to_pandas(index=None) give the rows of those with an index, on either side."""
    expected = frames.frame_of(trades, backend).ticks.join_quotes(frames.frame_of(quotes, backend))[QUOTE]
    numbered = frames.without_index(trades, backend), frames.without_index(quotes, backend)
    assert list(numbered[0].columns[:3]) == ["symbol", "date", "time"]
    joined = numbered[0].ticks.join_quotes(numbered[1])
    assert joined.index.equals(numbered[0].index)
    pd.testing.assert_frame_equal(joined[QUOTE], expected.reset_index(drop=True))


@frames.examples
@given(frames.quotes, frames.backends)
def test_spread_and_mid(table, backend):
    """They stand on the frame's index in its backend, null where a side is."""
    quotes = frames.frame_of(table, backend)
    spread, mid = quotes.ticks.spread(), quotes.ticks.mid()
    for series, name in ((spread, "spread"), (mid, "mid")):
        assert series.index.equals(quotes.index)
        assert (series.name, series.dtype) == (name, quotes["bid"].dtype)
    for row, ask_less_bid, middle in zip(reference.rows_of(quotes), spread, mid, strict=True):
        both = None not in (row["bid"], row["ask"])
        assert reference.same(ask_less_bid, row["ask"] - row["bid"] if both else None)
        assert reference.same(middle, (row["bid"] + row["ask"]) / 2 if both else None)


def frame(moments, **columns):
    return pd.DataFrame({"symbol": "ZAL.XE", **columns}, index=pd.DatetimeIndex(moments).as_unit("ns"))


def quotes_of(moments, sizes):
    return frame(moments, bid=1.0, bid_size=sizes, ask=2.0, ask_size=sizes)


def test_a_quote_of_the_same_nanosecond_stands_and_one_of_the_next_does_not():
    """Of several quotes at one time the last in the frame stands."""
    trades = frame(["2016-05-05 09:00:00.000000005"] * 2, trade=1.0)
    quotes = quotes_of([f"2016-05-05 09:00:00.00000000{digit}" for digit in (4, 5, 5, 6)], [1, 2, 3, 4])
    assert trades.ticks.join_quotes(quotes)["bid_size"].tolist() == [3, 3]


def test_sizes_of_numpy_stay_integers():
    """A trade without a quote makes no floats of 64-bit integers."""
    trades = frame(["2016-05-05 08:00", "2016-05-05 10:00"], trade=1.0)
    joined = trades.ticks.join_quotes(quotes_of(["2016-05-05 09:00"], [2**53 + 1]))
    assert joined["bid_size"].dtype == "Int64"
    assert joined["bid_size"].tolist() == [pd.NA, 2**53 + 1]


@pytest.mark.parametrize("unit", ["s", "us"])
def test_coarser_timestamps_are_compared_in_nanoseconds(unit):
    """A frame of one's own may count in another unit than the service."""
    trades = frame(["2016-05-05 09:00:00.000000001", "2016-05-05 08:59:59.999999999"], trade=1.0)
    quotes = quotes_of(["2016-05-05 09:00:00"], [7])
    quotes.index = quotes.index.as_unit(unit)
    assert trades.ticks.join_quotes(quotes)["ask_size"].tolist() == [7, pd.NA]


def test_time_zones_may_differ_but_not_be_missing_on_one_side():
    """Moments are compared; a clock without a zone says nothing about a moment."""
    trades = frame(["2016-05-05 09:00"], trade=1.0).tz_localize("Europe/Berlin")
    quotes = quotes_of(["2016-05-05 07:00"], [7])
    assert trades.ticks.join_quotes(quotes.tz_localize("UTC"))["bid_size"].tolist() == [7]
    with pytest.raises(ValueError, match=r"time zone is Europe/Berlin and the quotes' None: give both"):
        trades.ticks.join_quotes(quotes)


def test_a_failed_part_on_either_side_stays_known():
    """The joined frame says in its attrs that something is missing."""
    trades, quotes = frame(["2016-05-05 09:00"], trade=1.0), quotes_of(["2016-05-05 09:00"], [7])
    quotes.attrs["failed_parts"] = 1
    assert trades.ticks.join_quotes(quotes).attrs == {"failed_parts": 1}


@pytest.mark.parametrize(
    ("quotes", "message"),
    [
        (quotes_of(["2016-05-05 09:00"], [7]).drop(columns="ask_size"), "no column 'ask_size'"),
        (quotes_of(["2016-05-05 09:00"], [7]).drop(columns="symbol"), "no column 'symbol'"),
        (quotes_of([None], [7]), "1 of 1 rows have no timestamp"),
        ("QUOTES", "quotes is a str: give the DataFrame"),
    ],
)
def test_quotes_that_cannot_be_joined_are_refused(quotes, message):
    with pytest.raises(ValueError, match=message):
        frame(["2016-05-05 09:00"], trade=1.0).ticks.join_quotes(quotes)


def test_quotes_are_joined_once():
    """A frame that has them already says how to make room."""
    quotes = quotes_of(["2016-05-05 09:00"], [7])
    with pytest.raises(ValueError, match=r"'bid' already: df.drop\(columns=\['bid', 'bid_size', 'ask', 'ask_size'\]\)"):
        quotes.ticks.join_quotes(quotes)
