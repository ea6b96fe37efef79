"""Trades in order, and what groups of them come to."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from tickframe.accessor.columns import check_columns, floats, in_order, prices_of, sizes_of, symbols_of, times_of


class Trades(NamedTuple):
    """Trades that have a price, symbol by symbol as these first appear, each in the order of time.

    Attributes
    ----------
    rows
        Their places in the frame.
    symbol
        Their symbols as places among the frame's symbols.
    times
        Timestamps in nanoseconds, with the frame's time zone.
    prices
        float64, none NaN.
    sizes
        int64, 0 for null.
    """

    rows: npt.NDArray[np.intp]
    symbol: npt.NDArray[np.intp]
    times: pd.DatetimeIndex
    prices: npt.NDArray[np.float64]
    sizes: npt.NDArray[np.int64]


class Groups(NamedTuple):
    """What each of some groups of trades comes to; the columns of bars."""

    open: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    close: npt.NDArray[np.float64]
    trade_count: npt.NDArray[np.int64]
    volume: npt.NDArray[np.int64]
    vwap: npt.NDArray[np.float64]


def trades_in_order(frame: pd.DataFrame) -> Trades:
    """Read the trades of a frame, those of one symbol and time in the frame's order.

    Raises
    ------
    ValueError
        If a column that is needed is missing or holds what it cannot.
    """
    check_columns(frame, ["trade", "trade_size"], "ask for data_type='TRADES' or 'TRADES_AND_QUOTES'")
    symbol, _ = symbols_of(frame)
    times, prices, sizes = times_of(frame), prices_of(frame, "trade"), sizes_of(frame, "trade_size")
    rows = np.flatnonzero(~np.isnan(prices))
    rows = rows[in_order(symbol[rows], times.asi8[rows])]
    return Trades(rows, symbol[rows], times[rows], prices[rows], sizes[rows])


def changes(*keys: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return the places where any of the keys is another than just before; the first place is one."""
    changed = np.ones(len(keys[0]), dtype=np.bool_)
    changed[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return np.flatnonzero(changed)


def ends_of(starts: npt.NDArray[np.intp], length: int) -> npt.NDArray[np.intp]:
    """Return where groups end that begin at ``starts`` and follow one another, the last at ``length``."""
    return np.append(starts, length)[1:]


def summarize(trades: Trades, starts: npt.NDArray[np.intp]) -> Groups:
    """Sum up groups of trades.

    Parameters
    ----------
    trades
        The trades.
    starts
        Where each group begins; it ends where the next one begins. None is empty.

    Returns
    -------
    Groups
        A value a group. Volumes are exact; ``vwap`` is the sum of price times size over the sum of sizes,
        NaN where that is 0.
    """
    ends = ends_of(starts, len(trades.rows))
    high = np.maximum.reduceat(trades.prices, starts)
    low = np.minimum.reduceat(trades.prices, starts)
    volume = np.add.reduceat(trades.sizes, starts)
    turnover = np.add.reduceat(trades.prices * trades.sizes, starts)
    average = np.full(len(starts), np.nan)
    np.divide(turnover, volume, out=average, where=volume > 0)
    return Groups(
        open=trades.prices[starts],
        high=high,
        low=low,
        close=trades.prices[ends - 1],
        trade_count=ends - starts,
        volume=volume,
        # Rounding must not take an average out of what it is an average of.
        vwap=np.clip(average, low, high),
    )


def vwap(frame: pd.DataFrame) -> pd.Series[float]:
    """Return the volume-weighted average price of each symbol, see :meth:`TickAccessor.vwap`."""
    trades = trades_in_order(frame)
    _, symbols = symbols_of(frame)
    starts = changes(trades.symbol)
    averages = np.full(len(symbols), np.nan)
    averages[trades.symbol[starts]] = summarize(trades, starts).vwap
    result = pd.Series(floats(averages, like=frame["trade"].dtype), index=symbols, name="vwap")
    result.attrs.update(frame.attrs)
    return result
