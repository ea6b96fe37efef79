"""Bars: trades summarized by time, volume or turnover.

Time bins are those of the service's ``tick_aggregated``: they start at midnight, include their start, exclude
their end, and are labelled with their end; bins of a day are labelled with their day, as in ``end_of_day``. Volume and
dollar bars follow López de Prado, *Advances in Financial Machine Learning* (2018), section 2.3; what a bar exceeds its
threshold by counts towards the next.
"""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import Day, Tick

from tickframe.accessor.columns import MAX_SHARES, floats, integers
from tickframe.accessor.thresholds import exact_number, exact_turnover, multiples_reached
from tickframe.accessor.trades import Summary, Trades, group_ends, group_starts, sorted_trades, summarize

Frequency = str | dt.timedelta | pd.DateOffset
Label = Literal["start", "end"]

_DAY = 86_400 * 10**9
# Longer than any day, including those on which clocks go back.
_LONGER_THAN_A_DAY = 2 * _DAY


def time_bars(frame: pd.DataFrame, frequency: Frequency, label: Label | None = None) -> pd.DataFrame:
    """Summarize trades by time; see :meth:`TickAccessor.bars`."""
    if label not in (None, *get_args(Label)):
        raise ValueError(f"invalid label {label!r}: expected 'start' or 'end'")
    size = _bin_size(frequency)
    trades = sorted_trades(frame)
    midnights, next_midnights = _day_bounds(trades.times)
    bins = (trades.times.asi8 - midnights) // size
    sessions = group_starts(trades.codes, midnights)
    starts = group_starts(trades.codes, midnights, bins)

    # A row for each bin from the first to the last trade of a session, including bins without trades.
    session = np.searchsorted(sessions, starts, side="right") - 1
    first_bins = bins[sessions]
    counts = bins[group_ends(sessions, len(bins)) - 1] - first_bins + 1
    first_rows = np.cumsum(counts) - counts
    rows_with_trades = first_rows[session] + bins[starts] - first_bins[session]

    first_trades = np.repeat(sessions, counts)
    all_bins = np.arange(len(first_trades)) - np.repeat(first_rows - first_bins, counts)
    labels = midnights[first_trades] + all_bins * size
    if (label or _default_label(size)) == "end":
        labels = np.minimum(labels + size, next_midnights[first_trades])
    summary = _with_empty_bins(summarize(trades, starts), rows_with_trades, len(labels))
    return _bars(frame, trades, first_trades, labels, summary)


def volume_bars(frame: pd.DataFrame, shares: int) -> pd.DataFrame:
    """Summarize trades by volume; see :meth:`TickAccessor.bars`."""
    if isinstance(shares, bool) or not isinstance(shares, int | np.integer) or not 1 <= shares < MAX_SHARES:
        raise ValueError(f"invalid volume {shares!r}: expected an integer from 1 to 2**62 - 1")
    trades = sorted_trades(frame)
    return _threshold_bars(frame, trades, trades.sizes, exact_number(shares))


def dollar_bars(frame: pd.DataFrame, turnover: float) -> pd.DataFrame:
    """Summarize trades by turnover; see :meth:`TickAccessor.bars`."""
    number = isinstance(turnover, int | float | np.integer | np.floating) and not isinstance(turnover, bool)
    if not (number and 0 < turnover < math.inf):
        raise ValueError(f"invalid dollar {turnover!r}: expected a finite number above 0")
    trades = sorted_trades(frame)
    refused = np.count_nonzero((trades.prices < 0) | np.isinf(trades.prices))
    if refused:
        raise ValueError(
            f"{refused} of {len(frame)} rows have a negative or infinite price, so turnover can decrease or has no "
            "sum: drop them, or use volume bars"
        )
    amounts, unit = exact_turnover(trades.prices, trades.sizes)
    return _threshold_bars(frame, trades, amounts, exact_number(turnover) / unit)


def _threshold_bars(
    frame: pd.DataFrame, trades: Trades, amounts: npt.NDArray[Any], threshold: Fraction
) -> pd.DataFrame:
    """Close a bar with the trade that brings the sum of a session to a multiple of the threshold or past it."""
    midnights, _ = _day_bounds(trades.times)
    sessions = group_starts(trades.codes, midnights)
    starts = group_starts(trades.codes, midnights, multiples_reached(amounts, threshold, sessions))
    last_trades = group_ends(starts, len(amounts)) - 1
    return _bars(frame, trades, starts, trades.times.asi8[last_trades], summarize(trades, starts))


def _bars(
    frame: pd.DataFrame,
    trades: Trades,
    positions: npt.NDArray[np.intp],
    labels: npt.NDArray[np.int64],
    summary: Summary,
) -> pd.DataFrame:
    """Return bars as a frame, with timestamps in nanoseconds, and the symbols of the trades at ``positions``."""
    index = pd.DatetimeIndex(labels.view("datetime64[ns]"), name="timestamp").tz_localize("UTC")
    columns = {"symbol": frame["symbol"].array.take(trades.rows[positions])}
    for name, values in summary._asdict().items():
        if values.dtype.kind == "f":
            columns[name] = floats(values, like=frame["trade"].dtype)
        else:
            columns[name] = integers(values, like=frame["trade_size"].dtype)
    bars = pd.DataFrame(columns, index=index.tz_convert(trades.times.tz))
    bars.attrs.update(frame.attrs)
    return bars


def _with_empty_bins(summary: Summary, rows: npt.NDArray[np.int64], length: int) -> Summary:
    """Move values to rows among empty bins, which have NaN prices and 0 counts."""

    def expand(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        expanded = np.full(length, np.nan if values.dtype.kind == "f" else 0, dtype=values.dtype)
        expanded[rows] = values
        return expanded

    return Summary(*map(expand, summary))


def _day_bounds(times: pd.DatetimeIndex) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the midnights before and after each time, in nanoseconds since 1970 in UTC."""
    # Time zones are looked up once per day, not once per time.
    codes, days = pd.factorize(times.tz_localize(None).asi8 // _DAY)

    def midnights(of: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        naive = pd.DatetimeIndex((of * _DAY).view("datetime64[ns]"))
        first = np.ones(len(of), dtype=np.bool_)
        midnight = naive.tz_localize(times.tz, ambiguous=first, nonexistent="shift_forward")
        return midnight.asi8[codes]

    return midnights(days), midnights(days + 1)


def _default_label(size: int) -> Label:
    return "start" if size == _LONGER_THAN_A_DAY else "end"


def _bin_size(frequency: Frequency) -> int:
    """Return the size of a bin in nanoseconds, or more than a day for daily bins, which end with their day.

    Raises
    ------
    ValueError
        If it is not a fixed length of time from a nanosecond to a day.
    """
    try:
        # pandas 2 reads a timedelta of one day as a day, pandas 3 as 24 hours.
        offset = to_offset("1D" if frequency == dt.timedelta(days=1) else frequency)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"invalid frequency {frequency!r}: expected a pandas offset such as '1min', '30s' or '1D'"
        ) from error
    if isinstance(offset, Day) and offset.n == 1:
        return _LONGER_THAN_A_DAY
    if isinstance(offset, Tick) and 0 < offset.nanos <= _DAY:
        return int(offset.nanos)
    raise ValueError(
        f"invalid frequency {frequency!r}: expected '1ns' to '1D', since bins restart at midnight; for longer bars, "
        "use resample() on daily bars"
    )
