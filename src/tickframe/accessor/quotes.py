"""Spread and mid of quotes, and the as-of join of trades with the prevailing quotes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tickframe.accessor.columns import check_columns, check_time_zones, factorize_symbols, sort_order, times_of

_QUOTE = ("bid", "bid_size", "ask", "ask_size")
_NO_QUOTES = "load data_type='QUOTES' or 'TRADES_AND_QUOTES', or add quotes with df.ticks.join_quotes(quotes)"


def spread(frame: pd.DataFrame) -> pd.Series[float]:
    """Return ask minus bid; see :meth:`TickAccessor.spread`."""
    check_columns(frame, ["bid", "ask"], _NO_QUOTES)
    return (frame["ask"] - frame["bid"]).rename("spread")


def mid(frame: pd.DataFrame) -> pd.Series[float]:
    """Return the mean of bid and ask; see :meth:`TickAccessor.mid`."""
    check_columns(frame, ["bid", "ask"], _NO_QUOTES)
    return ((frame["bid"] + frame["ask"]) / 2).rename("mid")


def join_quotes(trades: pd.DataFrame, quotes: pd.DataFrame) -> pd.DataFrame:
    """Return trades with the prevailing quotes; see :meth:`TickAccessor.join_quotes`."""
    if not isinstance(quotes, pd.DataFrame):
        raise ValueError(f"invalid quotes: expected a DataFrame of data_type='QUOTES', not {type(quotes).__name__}")
    check_columns(quotes, _QUOTE, "load quotes with data_type='QUOTES'")
    existing = [name for name in trades.columns if name in _QUOTE]
    if existing:
        raise ValueError(f"the frame already has column {existing[0]!r}: remove it with df.drop(columns={existing!r})")
    names = [name for name in quotes.columns if name in _QUOTE]
    rows = _prevailing(trades, quotes)
    joined = trades.assign(**{name: _take(quotes[name], rows) for name in names})
    joined.attrs = {**quotes.attrs, **trades.attrs}
    return joined


def _prevailing(trades: pd.DataFrame, quotes: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return for each trade the position of the last quote of its symbol at or before its time, -1 for none."""
    trade_index, quote_index = times_of(trades), times_of(quotes)
    check_time_zones(trade_index.tz, quote_index.tz)
    trade_times, quote_times = trade_index.asi8, quote_index.asi8
    trade_codes, symbols = factorize_symbols(trades)
    quote_codes, quote_symbols = factorize_symbols(quotes)
    # Symbols without trades are last, and their quotes are not used.
    quote_codes = symbols.append(quote_symbols.difference(symbols)).get_indexer(quote_symbols)[quote_codes]

    trade_order = sort_order(trade_codes, trade_times)
    quote_order = sort_order(quote_codes, quote_times)
    codes = np.arange(len(symbols) + 1)
    trade_bounds = np.searchsorted(trade_codes[trade_order], codes)
    quote_bounds = np.searchsorted(quote_codes[quote_order], codes)
    rows = np.full(len(trades), -1, dtype=np.intp)
    for code in range(len(symbols)):
        of_trades = trade_order[trade_bounds[code] : trade_bounds[code + 1]]
        of_quotes = quote_order[quote_bounds[code] : quote_bounds[code + 1]]
        last = np.searchsorted(quote_times[of_quotes], trade_times[of_trades], side="right") - 1
        rows[of_trades[last >= 0]] = of_quotes[last[last >= 0]]
    return rows


def _take(column: pd.Series, positions: npt.NDArray[np.intp]) -> Any:
    """Return the values of a column at positions, null for -1, in its dtype."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        # NumPy integers have no null and would become floats.
        column = column.astype("Int64")
    return column.array.take(positions, allow_fill=True)
