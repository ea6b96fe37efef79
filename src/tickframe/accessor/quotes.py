"""Quotes: their spread, their middle, and which of them stood when a trade was made."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tickframe.accessor.columns import check_columns, check_time_zones, in_order, symbols_of, times_of

_QUOTE = ("bid", "bid_size", "ask", "ask_size")
_NO_QUOTES = "ask for data_type='QUOTES' or 'TRADES_AND_QUOTES', or add quotes by df.ticks.join_quotes(quotes)"


def spread(frame: pd.DataFrame) -> pd.Series[float]:
    """Return ask less bid, see :meth:`TickAccessor.spread`."""
    check_columns(frame, ["bid", "ask"], _NO_QUOTES)
    return (frame["ask"] - frame["bid"]).rename("spread")


def mid(frame: pd.DataFrame) -> pd.Series[float]:
    """Return the middle of bid and ask, see :meth:`TickAccessor.mid`."""
    check_columns(frame, ["bid", "ask"], _NO_QUOTES)
    return ((frame["bid"] + frame["ask"]) / 2).rename("mid")


def join_quotes(trades: pd.DataFrame, quotes: pd.DataFrame) -> pd.DataFrame:
    """Return the trades with the quotes that stood at their times, see :meth:`TickAccessor.join_quotes`."""
    if not isinstance(quotes, pd.DataFrame):
        raise ValueError(f"quotes is a {type(quotes).__name__}: give the DataFrame that data_type='QUOTES' answers")
    check_columns(quotes, _QUOTE, "quotes are what data_type='QUOTES' answers")
    there = [name for name in trades.columns if name in _QUOTE]
    if there:
        raise ValueError(f"the frame has a column {there[0]!r} already: df.drop(columns={there!r}) makes room")
    names = [name for name in quotes.columns if name in _QUOTE]
    row = _rows_as_of(trades, quotes)
    joined = trades.assign(**{name: _taken(quotes[name], row) for name in names})
    joined.attrs = {**quotes.attrs, **trades.attrs}
    return joined


def _rows_as_of(trades: pd.DataFrame, quotes: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return for each trade the place of the last quote of its symbol at or before its time, -1 for none."""
    trade_times, quote_times = times_of(trades), times_of(quotes)
    check_time_zones(trade_times.tz, quote_times.tz)
    moments, known = trade_times.asi8, quote_times.asi8
    symbol, symbols = symbols_of(trades)
    quoted, quoted_symbols = symbols_of(quotes)
    # Symbols without trades come last, and are nobody's.
    ours = symbols.append(quoted_symbols.difference(symbols)).get_indexer(quoted_symbols)
    quote_symbol = ours[quoted]

    trades_in_order = in_order(symbol, moments)
    quotes_in_order = in_order(quote_symbol, known)
    places = np.arange(len(symbols))
    trade_bounds = np.searchsorted(symbol[trades_in_order], [places, places + 1]).T
    quote_bounds = np.searchsorted(quote_symbol[quotes_in_order], [places, places + 1]).T
    row = np.full(len(trades), -1, dtype=np.intp)
    for (first_quote, behind_quotes), (first_trade, behind_trades) in zip(quote_bounds, trade_bounds, strict=True):
        candidates = quotes_in_order[first_quote:behind_quotes]
        asking = trades_in_order[first_trade:behind_trades]
        last = np.searchsorted(known[candidates], moments[asking], side="right") - 1
        row[asking[last >= 0]] = candidates[last[last >= 0]]
    return row


def _taken(column: pd.Series, row: npt.NDArray[np.intp]) -> Any:
    """Return a column's values at places, null for -1, in its own dtype."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        # NumPy's integers have no null, and would become floats.
        column = column.astype("Int64")
    return pd.api.extensions.take(column.array, row, allow_fill=True)
