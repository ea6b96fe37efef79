"""Reference implementation of the accessor: row by row, with Python numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import pandas as pd


def rows_of(frame):
    """Return each row as a dict of Python values, with None for null, and its timestamp."""
    columns = {name: [None if pd.isna(value) else value for value in frame[name]] for name in frame.columns}
    return [
        {name: values[position] for name, values in columns.items()} | {"timestamp": timestamp}
        for position, timestamp in enumerate(frame.index)
    ]


def priced_sessions(frame):
    """Return the trades with a price of each symbol and day, symbols in order of their categories, trades by time."""
    sessions = {}
    rows = rows_of(frame)
    for symbol in symbols_of(frame):
        trades = [row for row in rows if row["symbol"] == symbol and row["trade"] is not None]
        for trade in sorted(trades, key=lambda row: row["timestamp"].value):
            sessions.setdefault((symbol, trade["timestamp"].date()), []).append(trade)
    return sessions


def average(trades):
    """Return the exact volume-weighted average price, None without volume."""
    volume = sum(trade["trade_size"] or 0 for trade in trades)
    turnover = sum(Fraction(trade["trade"]) * (trade["trade_size"] or 0) for trade in trades)
    return turnover / volume if volume else None


def symbols_of(frame):
    """Return the symbols of a frame in the order of their categories, or of appearance without categories."""
    there = dict.fromkeys(frame["symbol"])
    if isinstance(frame["symbol"].dtype, pd.CategoricalDtype):
        return [symbol for symbol in frame["symbol"].cat.categories if symbol in there]
    return list(there)


def bar(symbol, timestamp, trades):
    """Summarize trades, of which there may be none."""
    prices = [trade["trade"] for trade in trades]
    return {
        "timestamp": timestamp,
        "symbol": symbol,
        "open": prices[0] if prices else None,
        "high": max(prices, default=None),
        "low": min(prices, default=None),
        "close": prices[-1] if prices else None,
        "trade_count": len(trades),
        "volume": sum(trade["trade_size"] or 0 for trade in trades),
        "vwap": average(trades),
    }


def time_bars(frame, size, label):
    """Summarize the trades of each bin, including empty bins between the first and the last of a day."""
    bars = []
    for (symbol, day), trades in priced_sessions(frame).items():
        midnight = pd.Timestamp(day).tz_localize(frame.index.tz)
        next_midnight = (pd.Timestamp(day) + pd.Timedelta(days=1)).tz_localize(frame.index.tz)
        bins = {}
        for trade in trades:
            bins.setdefault((trade["timestamp"] - midnight) // size, []).append(trade)
        for number in range(min(bins), max(bins) + 1):
            start, end = midnight + number * size, min(midnight + (number + 1) * size, next_midnight)
            bars.append(bar(symbol, {"start": start, "end": end}[label], bins.get(number, [])))
    return bars


def turnover(trade):
    """Return price times size, with the price as it is printed."""
    return Fraction(str(trade["trade"])) * (trade["trade_size"] or 0)


def threshold_bars(frame, threshold, amount):
    """Begin a bar after the trade that brings the sum of the day to a multiple of the threshold or past it."""
    bars = []
    for (symbol, _), trades in priced_sessions(frame).items():
        total, bins = Fraction(0), {}
        for trade in trades:
            bins.setdefault(total // Fraction(str(threshold)), []).append(trade)
            total += amount(trade)
        bars += [bar(symbol, trades[-1]["timestamp"], trades) for trades in bins.values()]
    return bars


def vwap(frame):
    """Return the average price of each symbol."""
    rows = rows_of(frame)
    return {
        symbol: average([row for row in rows if row["symbol"] == symbol and row["trade"] is not None])
        for symbol in symbols_of(frame)
    }


def prevailing_quotes(trades, quotes):
    """Return for each trade the last quote of its symbol at or before it, None if there is none."""
    prevailing = []
    for trade in rows_of(trades):
        last = None
        for quote in rows_of(quotes):
            if quote["symbol"] == trade["symbol"] and quote["timestamp"] <= trade["timestamp"]:
                last = quote if last is None or quote["timestamp"] >= last["timestamp"] else last
        prevailing.append(last)
    return prevailing


def same(value, expected, *, exact=True):
    """Return whether a cell has the expected value, null for None."""
    if expected is None or pd.isna(value):
        return expected is None and bool(pd.isna(value))
    return value == expected if exact else math.isclose(value, expected, rel_tol=1e-12, abs_tol=1e-12)
