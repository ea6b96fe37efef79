"""Trades sorted by symbol and time, and summaries of groups of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from tickframe.accessor.columns import (
    check_columns,
    factorize_symbols,
    floats,
    prices_of,
    sizes_of,
    sort_order,
    times_of,
)


class Trades(NamedTuple):
    """Trades with a price, by symbol, then by time.

    Attributes
    ----------
    rows
        Positions in the frame.
    codes
        Codes of their symbols.
    symbols
        Symbols of the frame, also of rows without a price.
    times
        Timestamps in nanoseconds, in the time zone of the frame.
    prices
        float64 without NaN.
    sizes
        int64, with 0 for null.
    """

    rows: npt.NDArray[np.intp]
    codes: npt.NDArray[np.intp]
    symbols: pd.Index
    times: pd.DatetimeIndex
    prices: npt.NDArray[np.float64]
    sizes: npt.NDArray[np.int64]


class Summary(NamedTuple):
    """Columns of bars, with a value for each group of trades."""

    open: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    close: npt.NDArray[np.float64]
    trade_count: npt.NDArray[np.int64]
    volume: npt.NDArray[np.int64]
    vwap: npt.NDArray[np.float64]


def sorted_trades(frame: pd.DataFrame) -> Trades:
    """Read the trades of a frame; those of the same symbol and time keep the order of the frame.

    Raises
    ------
    ValueError
        If a required column is missing or has invalid values.
    """
    check_columns(frame, ["trade", "trade_size"], "load data_type='TRADES' or 'TRADES_AND_QUOTES'")
    codes, symbols = factorize_symbols(frame)
    times, prices, sizes = times_of(frame), prices_of(frame, "trade"), sizes_of(frame, "trade_size")
    rows = np.flatnonzero(~np.isnan(prices))
    rows = rows[sort_order(codes[rows], times.asi8[rows])]
    return Trades(rows, codes[rows], symbols, times[rows], prices[rows], sizes[rows])


def group_starts(*keys: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return the positions at which any of the keys differs from the previous one, including the first position."""
    changed = np.ones(len(keys[0]), dtype=np.bool_)
    changed[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return np.flatnonzero(changed)


def group_ends(starts: npt.NDArray[np.intp], length: int) -> npt.NDArray[np.intp]:
    """Return the exclusive ends of consecutive groups, the last of which ends at ``length``."""
    return np.append(starts, length)[1:]


def summarize(trades: Trades, starts: npt.NDArray[np.intp]) -> Summary:
    """Summarize groups of consecutive trades.

    Parameters
    ----------
    trades
        The trades.
    starts
        Start of each group, which ends at the start of the next one. No group is empty.

    Returns
    -------
    Summary
        Volumes are exact. ``vwap`` is the sum of price times size over the sum of sizes, NaN if that is 0.
    """
    ends = group_ends(starts, len(trades.rows))
    high = np.maximum.reduceat(trades.prices, starts)
    low = np.minimum.reduceat(trades.prices, starts)
    volume = np.add.reduceat(trades.sizes, starts)
    turnover = np.add.reduceat(trades.prices * trades.sizes, starts)
    average = np.full(len(starts), np.nan)
    np.divide(turnover, volume, out=average, where=volume > 0)
    return Summary(
        open=trades.prices[starts],
        high=high,
        low=low,
        close=trades.prices[ends - 1],
        trade_count=ends - starts,
        volume=volume,
        # Rounding must not move an average beyond the prices.
        vwap=np.clip(average, low, high),
    )


def vwap(frame: pd.DataFrame) -> pd.Series[float]:
    """Return the volume-weighted average price of each symbol; see :meth:`TickAccessor.vwap`."""
    trades = sorted_trades(frame)
    starts = group_starts(trades.codes)
    averages = np.full(len(trades.symbols), np.nan)
    averages[trades.codes[starts]] = summarize(trades, starts).vwap
    result = pd.Series(floats(averages, like=frame["trade"].dtype), index=trades.symbols, name="vwap")
    result.attrs.update(frame.attrs)
    return result
