"""Bars and averages equal the reference implementation, for any backend, time zone and row order."""

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
    """Compare each cell with the reference, exactly except for averages, which are rounded."""
    assert list(bars.columns) == COLUMNS
    assert bars.index.name == "timestamp"
    assert bars.index.dtype == frame.index.dtype
    assert list(bars.index) == [bar["timestamp"] for bar in expected]
    for name in COLUMNS:
        values = zip(bars[name], expected, strict=True)
        assert all(reference.same(value, bar[name], exact=name != "vwap") for value, bar in values), name


def trades(*rows):
    """Make a frame of trades of 2016-05-05 from times of day, prices and sizes."""
    times, prices, sizes = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "symbol": pd.Categorical(["ZAL.XE"] * len(rows)),
            "trade": prices,
            "trade_size": pd.array(sizes, dtype="Int64"),
        },
        index=pd.DatetimeIndex([f"2016-05-05 {time}" for time in times], name="timestamp").as_unit("ns"),
    )


def by_symbol(bars):
    """Return bars sorted by symbol."""
    return bars.astype({"symbol": "str"}).sort_values("symbol", kind="stable")


@frames.examples
@given(
    frames.trades,
    frames.backends,
    frames.time_zones,
    st.sampled_from(["1s", "7s", "1min", "90min", "5h", "1D"]),
    st.sampled_from([None, "start", "end"]),
)
def test_time_bars(table, backend, tz, size, label):
    """Bins start at midnight, include their start, and are returned without trades too."""
    frame = frames.frame_of(table, backend, tz)
    if size in ("1s", "7s", "1min"):
        # A whole day has too many to loop over.
        frame = frame[frame.index.hour == 9]
    # A daily bin ends with the day, which can have 23 or 25 hours.
    daily = size == "1D"
    expected_label = label or ("start" if daily else "end")
    expected = reference.time_bars(frame, pd.Timedelta("2D" if daily else size), expected_label)
    assert_equal(frame.ticks.bars(size, label=label), expected, frame)


@frames.examples
@given(frames.trades, frames.backends, frames.time_zones, st.integers(1, 1000) | st.just(2**54))
def test_volume_bars(table, backend, tz, volume):
    """A bar closes when the volume of the day reaches a multiple; the excess counts towards the next."""
    frame = frames.frame_of(table, backend, tz)
    expected = reference.threshold_bars(frame, volume, lambda trade: trade["trade_size"] or 0)
    assert_equal(frame.ticks.bars(volume=volume), expected, frame)


@frames.examples
@given(frames.trades, frames.backends, frames.time_zones, st.floats(100, 100_000) | st.integers(1, 10_000))
def test_dollar_bars(table, backend, tz, dollar):
    """Dollar bars close like volume bars, by price times size."""
    frame = frames.frame_of(table, backend, tz)
    expected = reference.threshold_bars(frame, dollar, reference.turnover)
    assert_equal(frame.ticks.bars(dollar=dollar), expected, frame)


@frames.examples
@given(frames.trades, frames.backends, frames.time_zones)
def test_vwap(table, backend, tz):
    """Each symbol of the frame has an average, null without priced volume."""
    frame = frames.frame_of(table, backend, tz)
    averages, expected = frame.ticks.vwap(), reference.vwap(frame)
    assert (averages.name, averages.index.name, averages.dtype) == ("vwap", "symbol", frame["trade"].dtype)
    assert list(averages.index) == list(expected)
    assert all(reference.same(averages[symbol], value, exact=False) for symbol, value in expected.items())


@frames.examples
@given(frames.trades, frames.backends, st.sampled_from([{"frequency": "5h"}, {"volume": 100}, {"dollar": 500.0}]))
def test_bars_include_every_priced_trade(table, backend, how):
    """Volumes and trade counts add up, bars are in order, and each average is between low and high."""
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
def test_row_order_matters_only_at_equal_times(table, random):
    """Interleaved symbols and unordered days give the bars of a sorted frame."""
    frame = frames.frame_of(table).sort_index(kind="stable")
    groups = [group for _, group in frame.groupby(level=0)]
    random.shuffle(groups)
    mixed = pd.concat([frame.iloc[:0], *groups])
    for how in ({"frequency": "5h"}, {"volume": 100}, {"dollar": 500.0}):
        pd.testing.assert_frame_equal(by_symbol(mixed.ticks.bars(**how)), by_symbol(frame.ticks.bars(**how)))


@frames.examples
@given(
    frames.trades,
    st.sampled_from([({"frequency": "5h"}, 1), ({"volume": 100}, 0), ({"dollar": 500.0}, 0)]),
)
def test_loading_more_days_changes_no_bar(table, how_and_lag):
    """Bins restart at midnight, so the bars of a day do not depend on other days."""
    how, lag = how_and_lag
    frame = frames.frame_of(table)
    bars = frame.ticks.bars(**how)
    # The last bin of a day can end at the next midnight.
    day_of_bar = (bars.index - pd.Timedelta(lag, "ns")).normalize()
    for day, ticks in frame.groupby(frame.index.normalize()):
        pd.testing.assert_frame_equal(by_symbol(ticks.ticks.bars(**how)), by_symbol(bars[day_of_bar == day]))


def test_a_bin_includes_its_start_and_excludes_its_end():
    """A trade on the boundary belongs to the later bin, to the nanosecond; the label is the end of the bin."""
    frame = trades(("09:00:59.999999999", 10.0, 1), ("09:01:00", 20.0, 2), ("09:01:00.000000001", 30.0, 4))
    bars = frame.ticks.bars("1min")
    assert [str(end.time()) for end in bars.index] == ["09:01:00", "09:02:00"]
    assert bars["volume"].tolist() == [1, 6]
    assert bars["open"].tolist() == [10.0, 20.0]


def test_a_bar_can_be_labelled_with_its_start():
    """The label changes the timestamps and nothing else."""
    frame = trades(("09:00:30", 10.0, 1), ("09:02", 20.0, 2))
    by_end, by_start = frame.ticks.bars("1min"), frame.ticks.bars("1min", label="start")
    assert [str(start.time()) for start in by_start.index] == ["09:00:00", "09:01:00", "09:02:00"]
    pd.testing.assert_frame_equal(frame.ticks.bars("1min", label="end"), by_end)
    pd.testing.assert_frame_equal(by_start.set_axis(by_end.index), by_end)


@pytest.mark.parametrize("frequency", ["1D", dt.timedelta(days=1), pd.Timedelta("24h"), pd.offsets.Day(1)])
@pytest.mark.parametrize("day", ["2016-03-27", "2016-05-05", "2016-10-30"])
def test_a_bar_of_a_day_is_stamped_with_its_day(frequency, day):
    """It has the timestamp of resample("1D") unless its end is asked for, whether it has 23, 24 or 25 hours."""
    times = pd.DatetimeIndex([f"{day} 00:00", f"{day} 23:59"], tz="Europe/Berlin", name="timestamp").as_unit("ns")
    frame = trades(("09:00", 10.0, 1), ("17:00", 20.0, 2)).set_axis(times)
    bars = frame.ticks.bars(frequency)
    assert bars.index.tolist() == frame["trade"].resample("1D").last().index.tolist()
    next_day = pd.Timestamp(day) + pd.offsets.Day(1)
    assert frame.ticks.bars(frequency, label="end").index.tolist() == [next_day.tz_localize("Europe/Berlin")]


def test_the_smallest_bin_is_a_nanosecond():
    """Trades two nanoseconds apart are in different bins, with an empty one between them."""
    frame = trades(("09:00:00.000000001", 10.0, 1), ("09:00:00.000000003", 20.0, None))
    bars = frame.ticks.bars("1ns")
    assert bars.index.nanosecond.tolist() == [2, 3, 4]
    assert bars["trade_count"].tolist() == [1, 0, 1]
    assert bars["vwap"].isna().tolist() == [False, True, True]


def test_the_last_bin_ends_with_the_day():
    """Bins of seven hours start at 0, 7, 14 and 21 o'clock; the last ends at midnight."""
    bars = trades(("22:00", 10.0, 1)).ticks.bars("7h")
    assert bars.index.tolist() == [pd.Timestamp("2016-05-06")]


@pytest.mark.parametrize("frequency", ["90s", dt.timedelta(seconds=90), pd.Timedelta("90s"), pd.offsets.Second(90)])
def test_a_frequency_is_a_pandas_offset_or_a_timedelta(frequency):
    """Every type that pandas accepts as a fixed frequency is accepted."""
    assert trades(("09:00", 10.0, 1)).ticks.bars(frequency).index[0] == pd.Timestamp("2016-05-05 09:01:30")


def test_a_repeated_hour_has_two_bins():
    """When clocks go back, bins are counted in elapsed time."""
    timestamps = pd.DatetimeIndex(["2016-10-29 23:30", "2016-10-30 00:30", "2016-10-30 01:30"], tz="UTC")
    frame = trades(*[("09:00", 10.0, 1)] * 3).set_axis(timestamps.tz_convert("Europe/Berlin").as_unit("ns"))
    ends = frame.ticks.bars("1h").index.astype("str").tolist()
    assert ends == ["2016-10-30 02:00:00+02:00", "2016-10-30 02:00:00+01:00", "2016-10-30 03:00:00+01:00"]


@pytest.mark.parametrize(
    ("zone", "time", "end"),
    [
        ("America/Sao_Paulo", "2016-10-16 03:10Z", "2016-10-16 03:00:00-02:00"),
        ("America/Havana", "2016-11-06 05:30Z", "2016-11-06 01:00:00-05:00"),
    ],
)
def test_bins_are_counted_from_the_start_of_the_day(zone, time, end):
    """A day without midnight starts at one o'clock; a day with two starts at the first."""
    timestamps = pd.DatetimeIndex([time]).as_unit("ns").tz_convert(zone)
    bars = trades(("09:00", 10.0, 1)).set_axis(timestamps).ticks.bars("2h")
    assert bars.index.astype("str").tolist() == [end]


def test_the_excess_of_a_bar_counts_towards_the_next():
    """A trade that crosses several multiples closes one bar; the next bar closes at the following multiple."""
    frame = trades(
        ("09:00", 10.0, 60), ("09:01", 10.0, 190), ("09:02", 10.0, 40), ("09:03", 10.0, 10), ("09:04", 10.0, 5)
    )
    assert frame.ticks.bars(volume=100)["volume"].tolist() == [250, 50, 5]
    assert frame.ticks.bars(dollar=1000)["volume"].tolist() == [250, 50, 5]


@pytest.mark.parametrize(
    ("price", "size", "count", "dollar", "expected"),
    [
        (0.1, 1, 40, 1.0, [10] * 4),
        (0.1, 1, 40, 1, [10] * 4),
        (0.1, 1, 6, np.float32(0.3), [3, 3]),
        (1.1, 1, 9, 3.3, [3, 3, 3]),
        (1e-7, 3, 20, 3e-6, [30, 30]),
        # More than 15 digits, and a turnover beyond 64 bits.
        (0.1000000000000000055, 1, 20, 1.0, [10, 10]),
        (0.1234567890123456, 1, 20, 1.234567890123456, [10, 10]),
        (1e300, 2, 10, 1e301, [10, 10]),
        (123.45, 10**16, 4, 2.469e18, [2 * 10**16] * 2),
    ],
)
def test_dollar_bars_do_not_drift(price, size, count, dollar, expected):
    """Sums of decimal prices reach a decimal threshold when they do on paper."""
    frame = trades(*[(f"09:00:{second:02}", price, size) for second in range(count)])
    assert frame.ticks.bars(dollar=dollar)["volume"].tolist() == expected


def test_volumes_beyond_float_precision_are_exact():
    """Sums and thresholds distinguish 2**60 from 2**60 + 1."""
    frame = trades(("09:00", 10.0, 2**60), ("09:01", 10.0, 1), ("09:02", 10.0, 2**60 - 1))
    assert frame.ticks.bars("1D")["volume"].tolist() == [2**61]
    assert frame.ticks.bars(volume=2**60 + 1)["volume"].tolist() == [2**60 + 1, 2**60 - 1]


def test_sums_that_could_overflow_raise():
    with pytest.raises(ValueError, match=r"sum of column 'trade_size' is 2\*\*62 or more"):
        trades(("09:00", 10.0, 2**62), ("09:01", 10.0, 1)).ticks.bars("1D")


def test_dollar_bars_of_negative_prices_raise():
    """Time bars and averages of negative prices are computed, and so are time bars of infinite ones."""
    frame = trades(("09:00", -37.63, 1), ("09:01", -10.0, 3))
    assert frame.ticks.bars("1D")["low"].tolist() == [-37.63]
    assert frame.ticks.vwap()["ZAL.XE"] == pytest.approx((-37.63 - 30) / 4)
    with pytest.raises(ValueError, match="2 of 2 rows have a negative or infinite price"):
        frame.ticks.bars(dollar=10)
    infinite = trades(("09:00", 10.0, 1), ("09:01", float("inf"), 3))
    assert infinite.ticks.bars("1D")["high"].tolist() == [float("inf")]
    with pytest.raises(ValueError, match="1 of 2 rows have a negative or infinite price"):
        infinite.ticks.bars(dollar=10)


@pytest.mark.parametrize(
    ("positional", "keywords", "message"),
    [
        ((), {}, "exactly one of"),
        (("1min",), {"volume": 5}, "exactly one of"),
        ((), {"volume": 5, "dollar": 5.0}, "exactly one of"),
        (("soon",), {}, "'soon': expected a pandas offset"),
        (("1ME",), {}, "bins restart at midnight"),
        (("2D",), {}, "bins restart at midnight"),
        (("25h",), {}, "bins restart at midnight"),
        (("-1min",), {}, "bins restart at midnight"),
        ((dt.timedelta(0),), {}, "bins restart at midnight"),
        ((), {"volume": 0}, "integer from 1 to"),
        ((), {"volume": 2.5}, "integer from 1 to"),
        ((), {"volume": True}, "integer from 1 to"),
        ((), {"volume": 2**70}, r"to 2\*\*62 - 1"),
        ((), {"dollar": 0}, "finite number above 0"),
        ((), {"dollar": float("nan")}, "finite number above 0"),
        ((), {"dollar": float("inf")}, "finite number above 0"),
        ((), {"dollar": "much"}, "finite number above 0"),
        ((), {"dollar": np.complex128(5)}, "finite number above 0"),
        (("1min",), {"label": "left"}, "invalid label 'left': expected 'start' or 'end'"),
        ((), {"volume": 5, "label": "end"}, "label='end' is only for bars of a frequency"),
        ((), {"dollar": 5.0, "label": "start"}, "label='start' is only for bars of a frequency"),
    ],
)
def test_an_invalid_bar_size_raises(positional, keywords, message):
    with pytest.raises(ValueError, match=message):
        trades(("09:00", 10.0, 1)).ticks.bars(*positional, **keywords)


def test_numpy_numbers_are_numbers():
    """Thresholds can be NumPy scalars."""
    frame = trades(("09:00", 10.0, 1))
    assert len(frame.ticks.bars(volume=np.int64(5))) == len(frame.ticks.bars(dollar=np.float64(5))) == 1
