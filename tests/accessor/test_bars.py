"""Bars and averages equal a plain reference, whatever the frame's backend, time zone and order."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.accessor import frames, reference

COLUMNS = ["symbol", "open", "high", "low", "close", "trade_count", "volume", "vwap"]


def assert_equal(bars, expected, frame):
    """Each cell is the reference's: exactly, but for averages, which are rounded."""
    assert list(bars.columns) == COLUMNS
    assert bars.index.name == "timestamp"
    assert bars.index.dtype == frame.index.dtype
    assert list(bars.index) == [bar["timestamp"] for bar in expected]
    for name in COLUMNS:
        values = zip(bars[name], expected, strict=True)
        assert all(reference.same(value, bar[name], exact=name != "vwap") for value, bar in values), name


def trades(*rows):
    """Make a frame of trades of 2016-05-05 from times of day, prices and sizes."""
    moments, prices, sizes = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "symbol": pd.Categorical(["ZAL.XE"] * len(rows)),
            "trade": prices,
            "trade_size": pd.array(sizes, dtype="Int64"),
        },
        index=pd.DatetimeIndex([f"2016-05-05 {moment}" for moment in moments], name="timestamp").as_unit("ns"),
    )


def by_symbol(bars):
    """Return bars in the order of symbols, whichever of them was first."""
    return bars.astype({"symbol": "str"}).sort_values("symbol", kind="stable")


@frames.examples
@given(frames.trades, frames.backends, frames.time_zones, st.sampled_from(["1s", "7s", "1min", "90min", "5h", "1D"]))
def test_time_bars(table, backend, tz, size):
    """Bins are counted from midnight, hold their start, and are there without trades too."""
    frame = frames.frame_of(table, backend, tz)
    if size in ("1s", "7s", "1min"):
        # In a whole day there are too many to loop over.
        frame = frame[frame.index.hour == 9]
    # A day ends its only bin, be it of 23 hours or of 25.
    expected = reference.time_bars(frame, pd.Timedelta("2D" if size == "1D" else size))
    assert_equal(frame.ticks.bars(size), expected, frame)


@frames.examples
@given(frames.trades, frames.backends, frames.time_zones, st.integers(1, 1000) | st.just(2**54))
def test_volume_bars(table, backend, tz, volume):
    """A bar closes where the day's volume reaches a multiple; what is over counts towards the next."""
    frame = frames.frame_of(table, backend, tz)
    expected = reference.threshold_bars(frame, volume, lambda trade: trade["trade_size"] or 0)
    assert_equal(frame.ticks.bars(volume=volume), expected, frame)


@frames.examples
@given(frames.trades, frames.backends, frames.time_zones, st.floats(100, 100_000) | st.integers(1, 10_000))
def test_dollar_bars(table, backend, tz, dollar):
    """As by volume, by price times size."""
    frame = frames.frame_of(table, backend, tz)
    expected = reference.threshold_bars(frame, float(dollar), lambda trade: trade["trade"] * (trade["trade_size"] or 0))
    assert_equal(frame.ticks.bars(dollar=dollar), expected, frame)


@frames.examples
@given(frames.trades, frames.backends, frames.time_zones)
def test_vwap(table, backend, tz):
    """Each symbol of the frame has its average, null where nothing was traded at a price."""
    frame = frames.frame_of(table, backend, tz)
    averages, expected = frame.ticks.vwap(), reference.vwap(frame)
    assert (averages.name, averages.index.name, averages.dtype) == ("vwap", "symbol", frame["trade"].dtype)
    assert list(averages.index) == list(expected)
    assert all(reference.same(averages[symbol], value, exact=False) for symbol, value in expected.items())


@frames.examples
@given(frames.trades, frames.backends, st.sampled_from([{"frequency": "5h"}, {"volume": 100}, {"dollar": 500.0}]))
def test_bars_keep_what_was_traded(table, backend, how):
    """All volume and all priced trades are in some bar, in order, each average between low and high."""
    frame = frames.frame_of(table, backend)
    bars = frame.ticks.bars(**how)
    priced = frame[frame["trade"].notna()]
    assert bars["volume"].sum() == priced["trade_size"].sum()
    assert bars["trade_count"].sum() == len(priced)
    averaged = bars[bars["vwap"].notna()]
    assert ((averaged["low"] <= averaged["vwap"]) & (averaged["vwap"] <= averaged["high"])).all()
    for _, bars_of_symbol in bars.groupby("symbol", observed=True):
        assert bars_of_symbol.index.is_monotonic_increasing


@frames.examples
@given(frames.trades, st.randoms())
def test_the_order_of_rows_matters_only_within_one_time(table, random):
    """Symbols that are interleaved and days that are out of order give the bars of an ordered frame."""
    frame = frames.frame_of(table).sort_index(kind="stable")
    moments = [moment for _, moment in frame.groupby(level=0)]
    random.shuffle(moments)
    mixed = pd.concat([frame.iloc[:0], *moments])
    for how in ({"frequency": "5h"}, {"volume": 100}, {"dollar": 500.0}):
        pd.testing.assert_frame_equal(by_symbol(mixed.ticks.bars(**how)), by_symbol(frame.ticks.bars(**how)))


@frames.examples
@given(
    frames.trades,
    st.sampled_from([({"frequency": "5h"}, 1), ({"volume": 100}, 0), ({"dollar": 500.0}, 0)]),
)
def test_a_day_has_the_same_bars_alone_and_among_others(table, how_and_lag):
    """Bars begin anew each day, so they do not depend on how much was loaded."""
    how, lag = how_and_lag
    frame = frames.frame_of(table)
    bars = frame.ticks.bars(**how)
    # The end of a day's last bin is the next midnight.
    day_of_bar = (bars.index - pd.Timedelta(lag, "ns")).normalize()
    for day, ticks in frame.groupby(frame.index.normalize()):
        pd.testing.assert_frame_equal(by_symbol(ticks.ticks.bars(**how)), by_symbol(bars[day_of_bar == day]))


def test_a_bin_holds_its_start_and_not_its_end():
    """A trade on the border is the first of the later bin, to the nanosecond; the label is the bin's end."""
    frame = trades(("09:00:59.999999999", 10.0, 1), ("09:01:00", 20.0, 2), ("09:01:00.000000001", 30.0, 4))
    bars = frame.ticks.bars("1min")
    assert [str(end.time()) for end in bars.index] == ["09:01:00", "09:02:00"]
    assert bars["volume"].tolist() == [1, 6]
    assert bars["open"].tolist() == [10.0, 20.0]


def test_the_least_bins_are_nanoseconds():
    """Trades a nanosecond apart are told apart; the bin between them is empty."""
    frame = trades(("09:00:00.000000001", 10.0, 1), ("09:00:00.000000003", 20.0, None))
    bars = frame.ticks.bars("1ns")
    assert bars.index.nanosecond.tolist() == [2, 3, 4]
    assert bars["trade_count"].tolist() == [1, 0, 1]
    assert bars["vwap"].isna().tolist() == [False, True, True]


def test_the_end_of_the_day_closes_a_bin_that_does_not_fit():
    """Bins of seven hours begin at 0, 7, 14 and 21; the last ends at midnight."""
    bars = trades(("22:00", 10.0, 1)).ticks.bars("7h")
    assert bars.index.tolist() == [pd.Timestamp("2016-05-06")]


@pytest.mark.parametrize("frequency", ["90s", dt.timedelta(seconds=90), pd.Timedelta("90s"), pd.offsets.Second(90)])
def test_a_frequency_is_an_offset_or_a_length_of_time(frequency):
    """What pandas takes for a fixed length of time says the same here."""
    assert trades(("09:00", 10.0, 1)).ticks.bars(frequency).index[0] == pd.Timestamp("2016-05-05 09:01:30")


def test_clocks_that_go_back_repeat_no_bin():
    """In time that passes, the hour that is there twice has two bins."""
    moments = pd.DatetimeIndex(["2016-10-29 23:30", "2016-10-30 00:30", "2016-10-30 01:30"], tz="UTC")
    frame = trades(*[("09:00", 10.0, 1)] * 3).set_axis(moments.tz_convert("Europe/Berlin").as_unit("ns"))
    ends = frame.ticks.bars("1h").index.astype("str").tolist()
    assert ends == ["2016-10-30 02:00:00+02:00", "2016-10-30 02:00:00+01:00", "2016-10-30 03:00:00+01:00"]


@pytest.mark.parametrize(
    ("zone", "moment", "end"),
    [
        ("America/Sao_Paulo", "2016-10-16 03:10Z", "2016-10-16 03:00:00-02:00"),
        ("America/Havana", "2016-11-06 05:30Z", "2016-11-06 01:00:00-05:00"),
    ],
)
def test_bins_are_counted_from_when_the_day_began(zone, moment, end):
    """Where midnight is skipped the day begins at one o'clock; where it comes twice, with the first."""
    moments = pd.DatetimeIndex([moment]).as_unit("ns").tz_convert(zone)
    bars = trades(("09:00", 10.0, 1)).set_axis(moments).ticks.bars("2h")
    assert bars.index.astype("str").tolist() == [end]


def test_a_large_trade_fills_one_bar_and_the_next_takes_its_rest():
    """The trade that crosses several multiples ends one bar; the following bar ends at the next multiple."""
    frame = trades(
        ("09:00", 10.0, 60), ("09:01", 10.0, 190), ("09:02", 10.0, 40), ("09:03", 10.0, 10), ("09:04", 10.0, 5)
    )
    assert frame.ticks.bars(volume=100)["volume"].tolist() == [250, 50, 5]
    assert frame.ticks.bars(dollar=1000)["volume"].tolist() == [250, 50, 5]


def test_volumes_beyond_floating_point_are_exact():
    """A share more or less than 2**60 is told apart, in sums and at thresholds."""
    frame = trades(("09:00", 10.0, 2**60), ("09:01", 10.0, 1), ("09:02", 10.0, 2**60 - 1))
    assert frame.ticks.bars("1D")["volume"].tolist() == [2**61]
    assert frame.ticks.bars(volume=2**60 + 1)["volume"].tolist() == [2**60 + 1, 2**60 - 1]


def test_sums_that_64_bits_may_not_hold_are_an_error():
    with pytest.raises(ValueError, match=r"'trade_size' adds up to 2\*\*62"):
        trades(("09:00", 10.0, 2**62), ("09:01", 10.0, 1)).ticks.bars("1D")


def test_turnover_has_thresholds_only_above_zero():
    """Prices below 0 exist, and have time and volume bars."""
    frame = trades(("09:00", -37.63, 1), ("09:01", -10.0, 3))
    assert frame.ticks.bars("1D")["low"].tolist() == [-37.63]
    assert frame.ticks.vwap()["ZAL.XE"] == pytest.approx((-37.63 - 30) / 4)
    with pytest.raises(ValueError, match="2 of 2 rows have a price below 0"):
        frame.ticks.bars(dollar=10)


@pytest.mark.parametrize(
    ("positional", "keywords", "message"),
    [
        ((), {}, "one of them"),
        (("1min",), {"volume": 5}, "one of them"),
        ((), {"volume": 5, "dollar": 5.0}, "one of them"),
        (("soon",), {}, "'soon': give a pandas offset"),
        (("1ME",), {}, "begin anew each day"),
        (("2D",), {}, "begin anew each day"),
        (("25h",), {}, "begin anew each day"),
        (("-1min",), {}, "begin anew each day"),
        ((dt.timedelta(0),), {}, "begin anew each day"),
        ((), {"volume": 0}, "integer from 1 on"),
        ((), {"volume": 2.5}, "integer from 1 on"),
        ((), {"volume": True}, "integer from 1 on"),
        ((), {"volume": 2**70}, "below 2"),
        ((), {"dollar": 0}, "number above 0"),
        ((), {"dollar": float("nan")}, "number above 0"),
        ((), {"dollar": float("inf")}, "number above 0"),
        ((), {"dollar": "much"}, "number above 0"),
    ],
)
def test_a_bar_that_cannot_be_is_refused(positional, keywords, message):
    with pytest.raises(ValueError, match=message):
        trades(("09:00", 10.0, 1)).ticks.bars(*positional, **keywords)


def test_numpy_numbers_are_numbers():
    """Thresholds may be computed."""
    frame = trades(("09:00", 10.0, 1))
    assert len(frame.ticks.bars(volume=np.int64(5))) == len(frame.ticks.bars(dollar=np.float64(5))) == 1
