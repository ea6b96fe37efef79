"""As-of joins, spreads and mids equal the reference implementation."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given

from tests.accessor import frames, reference

QUOTE = ["ask", "ask_size", "bid", "bid_size"]


@frames.examples
@given(frames.trades, frames.quotes, frames.backends, frames.backends, frames.time_zones)
def test_join_quotes(trades, quotes, backend, quotes_backend, tz):
    """Each trade gets the last quote of its symbol at or before it, with its nulls, in the dtypes of the quotes."""
    trades, quotes = frames.frame_of(trades, backend, tz), frames.frame_of(quotes, quotes_backend, tz)
    before = trades.copy()
    joined = trades.ticks.join_quotes(quotes)
    pd.testing.assert_frame_equal(joined[trades.columns], before)
    pd.testing.assert_frame_equal(trades, before)
    assert list(joined.columns) == [*trades.columns, *QUOTE]
    assert joined[QUOTE].dtypes.equals(quotes[QUOTE].dtypes)
    prevailing = reference.prevailing_quotes(trades, quotes)
    for name in QUOTE:
        expected = [quote and quote[name] for quote in prevailing]
        assert all(reference.same(*pair) for pair in zip(joined[name], expected, strict=True)), name


@frames.examples
@given(frames.trades, frames.quotes, frames.backends)
def test_frames_with_date_and_time_columns_are_joined(trades, quotes, backend):
    """Frames of to_pandas(index=None) give the same rows as those with a DatetimeIndex."""
    expected = frames.frame_of(trades, backend).ticks.join_quotes(frames.frame_of(quotes, backend))[QUOTE]
    trades, quotes = frames.without_index(trades, backend), frames.without_index(quotes, backend)
    assert list(trades.columns[:3]) == ["symbol", "date", "time"]
    joined = trades.ticks.join_quotes(quotes)
    assert joined.index.equals(trades.index)
    pd.testing.assert_frame_equal(joined[QUOTE], expected.reset_index(drop=True))


@frames.examples
@given(frames.quotes, frames.backends)
def test_spread_and_mid(table, backend):
    """They have the index and the backend of the frame, and are null if bid or ask is."""
    quotes = frames.frame_of(table, backend)
    spread, mid = quotes.ticks.spread(), quotes.ticks.mid()
    for series, name in ((spread, "spread"), (mid, "mid")):
        assert series.index.equals(quotes.index)
        assert (series.name, series.dtype) == (name, quotes["bid"].dtype)
    for row, row_spread, row_mid in zip(reference.rows_of(quotes), spread, mid, strict=True):
        both = None not in (row["bid"], row["ask"])
        assert reference.same(row_spread, row["ask"] - row["bid"] if both else None)
        assert reference.same(row_mid, (row["bid"] + row["ask"]) / 2 if both else None)


def frame(timestamps, **columns):
    return pd.DataFrame({"symbol": "ZAL.XE", **columns}, index=pd.DatetimeIndex(timestamps).as_unit("ns"))


def quotes_of(timestamps, sizes):
    return frame(timestamps, bid=1.0, bid_size=sizes, ask=2.0, ask_size=sizes)


def test_a_quote_prevails_from_its_own_nanosecond():
    """Of several quotes at the same time, the last in the frame prevails."""
    trades = frame(["2016-05-05 09:00:00.000000005"] * 2, trade=1.0)
    quotes = quotes_of([f"2016-05-05 09:00:00.00000000{digit}" for digit in (4, 5, 5, 6)], [1, 2, 3, 4])
    assert trades.ticks.join_quotes(quotes)["bid_size"].tolist() == [3, 3]


def test_numpy_integers_are_not_converted_to_floats():
    """A trade without a quote gives a null of dtype Int64."""
    trades = frame(["2016-05-05 08:00", "2016-05-05 10:00"], trade=1.0)
    joined = trades.ticks.join_quotes(quotes_of(["2016-05-05 09:00"], [2**53 + 1]))
    assert joined["bid_size"].dtype == "Int64"
    assert joined["bid_size"].tolist() == [pd.NA, 2**53 + 1]


@pytest.mark.parametrize("unit", ["s", "us"])
def test_coarser_timestamps_are_compared_in_nanoseconds(unit):
    """Frames can have other units than nanoseconds."""
    trades = frame(["2016-05-05 09:00:00.000000001", "2016-05-05 08:59:59.999999999"], trade=1.0)
    quotes = quotes_of(["2016-05-05 09:00:00"], [7])
    quotes.index = quotes.index.as_unit(unit)
    assert trades.ticks.join_quotes(quotes)["ask_size"].tolist() == [7, pd.NA]


def test_time_zones_may_differ_but_not_be_missing_on_one_side():
    """Points in time are compared, which naive timestamps do not determine."""
    trades = frame(["2016-05-05 09:00"], trade=1.0).tz_localize("Europe/Berlin")
    quotes = quotes_of(["2016-05-05 07:00"], [7])
    assert trades.ticks.join_quotes(quotes.tz_localize("UTC"))["bid_size"].tolist() == [7]
    with pytest.raises(ValueError, match="is Europe/Berlin and that of the quotes is None: give both or neither"):
        trades.ticks.join_quotes(quotes)


def test_attrs_of_both_sides_are_kept():
    """The attrs of the joined frame tell that parts failed."""
    trades, quotes = frame(["2016-05-05 09:00"], trade=1.0), quotes_of(["2016-05-05 09:00"], [7])
    quotes.attrs["failed_parts"] = 1
    assert trades.ticks.join_quotes(quotes).attrs == {"failed_parts": 1}


@pytest.mark.parametrize(
    ("quotes", "message"),
    [
        (quotes_of(["2016-05-05 09:00"], [7]).drop(columns="ask_size"), "no column 'ask_size'"),
        (quotes_of(["2016-05-05 09:00"], [7]).drop(columns="symbol"), "no column 'symbol'"),
        (quotes_of([None], [7]), "1 of 1 rows have no timestamp"),
        ("QUOTES", "expected a DataFrame of data_type='QUOTES', not str"),
    ],
)
def test_invalid_quotes_raise(quotes, message):
    with pytest.raises(ValueError, match=message):
        frame(["2016-05-05 09:00"], trade=1.0).ticks.join_quotes(quotes)


def test_a_frame_with_quotes_raises():
    """The error says how to remove the existing columns."""
    quotes = quotes_of(["2016-05-05 09:00"], [7])
    message = r"already has column 'bid': .*df.drop\(columns=\['bid', 'bid_size', 'ask', 'ask_size'\]\)"
    with pytest.raises(ValueError, match=message):
        quotes.ticks.join_quotes(quotes)
