"""Bars: trades summarized by time, by volume or by turnover.

Time bins are those of the service's ``tick_aggregated``: they are counted from midnight, hold their start and
not their end, and carry their end as timestamp. Volume and dollar bars follow López de Prado, *Advances in
Financial Machine Learning* (2018), section 2.3; what a bar has over its threshold counts towards the next.
"""

from __future__ import annotations

import datetime as dt
import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import Day, Tick

from tickframe.accessor.columns import MOST_SHARES, floats, integers
from tickframe.accessor.trades import Groups, Trades, changes, ends_of, summarize, trades_in_order

Frequency = str | dt.timedelta | pd.DateOffset

_NANOSECONDS_OF_DAY = 86_400 * 10**9
# Longer than a day ever was, the one on which clocks went back included.
_MORE_THAN_A_DAY = 2 * _NANOSECONDS_OF_DAY


def time_bars(frame: pd.DataFrame, frequency: Frequency) -> pd.DataFrame:
    """Summarize trades by time, see :meth:`TickAccessor.bars`."""
    size = _nanoseconds(frequency)
    trades = trades_in_order(frame)
    days = _days_of(trades.times)
    number = (trades.times.asi8 - days.midnights) // size
    sessions = changes(trades.symbol, days.midnights)
    starts = changes(trades.symbol, days.midnights, number)

    # A row for each bin from a session's first trade through its last, those without trades too.
    session = np.searchsorted(sessions, starts, side="right") - 1
    first = number[sessions]
    bins = number[ends_of(sessions, len(number)) - 1] - first + 1
    rows_before = np.cumsum(bins) - bins
    filled = rows_before[session] + number[starts] - first[session]

    begin = np.repeat(sessions, bins)
    behind = np.arange(len(begin)) - np.repeat(rows_before - first, bins) + 1
    ends = np.minimum(days.midnights[begin] + behind * size, days.next_midnights[begin])
    return _frame_of_bars(frame, trades, begin, ends, _spread_out(summarize(trades, starts), filled, len(begin)))


def volume_bars(frame: pd.DataFrame, shares: int) -> pd.DataFrame:
    """Summarize trades by volume, see :meth:`TickAccessor.bars`."""
    if isinstance(shares, bool) or not isinstance(shares, int | np.integer) or not 1 <= shares < MOST_SHARES:
        raise ValueError(f"volume {shares!r} is no number of shares: give an integer from 1 on, below 2**62")
    trades = trades_in_order(frame)
    return _threshold_bars(frame, trades, trades.sizes, int(shares))


def dollar_bars(frame: pd.DataFrame, turnover: float) -> pd.DataFrame:
    """Summarize trades by turnover, see :meth:`TickAccessor.bars`."""
    if isinstance(turnover, bool) or not (isinstance(turnover, int | float | np.number) and 0 < turnover < math.inf):
        raise ValueError(f"dollar {turnover!r} is no amount of money: give a number above 0")
    trades = trades_in_order(frame)
    negative = np.count_nonzero(trades.prices < 0)
    if negative:
        raise ValueError(
            f"{negative} of {len(frame)} rows have a price below 0, so turnover has no thresholds to reach: "
            "take volume bars, or leave them out"
        )
    return _threshold_bars(frame, trades, trades.prices * trades.sizes, float(turnover))


def _threshold_bars(
    frame: pd.DataFrame,
    trades: Trades,
    amounts: npt.NDArray[np.int64] | npt.NDArray[np.float64],
    threshold: float,
) -> pd.DataFrame:
    """Close a bar with the trade that brings a session's sum to a multiple of the threshold, or past it."""
    midnights = _days_of(trades.times).midnights
    sessions = changes(trades.symbol, midnights)
    before = np.zeros_like(amounts)
    for first, behind in pairwise([*sessions, len(amounts)]):
        np.cumsum(amounts[first : behind - 1], out=before[first + 1 : behind])
    starts = changes(trades.symbol, midnights, before // threshold)
    last = ends_of(starts, len(amounts)) - 1
    return _frame_of_bars(frame, trades, starts, trades.times.asi8[last], summarize(trades, starts))


def _frame_of_bars(
    frame: pd.DataFrame,
    trades: Trades,
    begin: npt.NDArray[np.intp],
    ends: npt.NDArray[np.int64],
    groups: Groups,
) -> pd.DataFrame:
    """Return bars as a frame: a row for each of ``begin``, a trade of the bar's symbol."""
    index = pd.DatetimeIndex(ends.view("datetime64[ns]"), name="timestamp")
    if trades.times.tz is not None:
        index = index.tz_localize("UTC").tz_convert(trades.times.tz)
    columns = {"symbol": frame["symbol"].array.take(trades.rows[begin])}
    for name, values in groups._asdict().items():
        if values.dtype.kind == "f":
            columns[name] = floats(values, like=frame["trade"].dtype)
        else:
            columns[name] = integers(values, like=frame["trade_size"].dtype)
    bars = pd.DataFrame(columns, index=index)
    bars.attrs.update(frame.attrs)
    return bars


def _spread_out(groups: Groups, places: npt.NDArray[np.int64], length: int) -> Groups:
    """Put groups at places among others without trades: prices NaN, counts 0."""

    def spread(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        among = np.full(length, np.nan if values.dtype.kind == "f" else 0, dtype=values.dtype)
        among[places] = values
        return among

    return Groups(*map(spread, groups))


class _Days(NamedTuple):
    """The midnights, in nanoseconds since 1970 in UTC, that begin and end the day of each of some times."""

    midnights: npt.NDArray[np.int64]
    next_midnights: npt.NDArray[np.int64]


def _days_of(times: pd.DatetimeIndex) -> _Days:
    # Few days, many times: time zones are looked up once a day.
    places, days = pd.factorize(times.tz_localize(None).asi8 // _NANOSECONDS_OF_DAY)

    def midnights(of: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        naive = pd.DatetimeIndex((of * _NANOSECONDS_OF_DAY).view("datetime64[ns]"))
        first = np.ones(len(of), dtype=np.bool_)
        midnight = naive.tz_localize(times.tz, ambiguous=first, nonexistent="shift_forward")
        return midnight.asi8[places]

    return _Days(midnights(days), midnights(days + 1))


def _nanoseconds(frequency: Frequency) -> int:
    """Return a bin's length in nanoseconds; for a day more than that, since every day ends its bins.

    Raises
    ------
    ValueError
        If it is no length of time from a nanosecond to a day.
    """
    try:
        offset = to_offset(frequency)
    except (TypeError, ValueError) as error:
        raise ValueError(f"bars of {frequency!r}: give a pandas offset such as '1min', '30s' or '1D'") from error
    if isinstance(offset, Day) and offset.n == 1:
        return _MORE_THAN_A_DAY
    if isinstance(offset, Tick) and 0 < offset.nanos <= _NANOSECONDS_OF_DAY:
        return int(offset.nanos)
    raise ValueError(
        f"bars of {frequency!r}: bins begin anew each day, so give a length of time from '1ns' to '1D'; "
        "resample() makes longer bars of daily ones"
    )
