"""The answers of one row a day: bars and settlement prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pyarrow as pa

from tickframe.catalogue import TickDataFlag
from tickframe.sandbox.answers.bars import time_bins, trade_bars
from tickframe.sandbox.answers.columns import answer_table, columns_of, constant, empty_answer
from tickframe.sandbox.answers.response import (
    Answer,
    asked_days,
    asked_symbols,
    check_source,
    never,
    nothing,
    without_venue,
)
from tickframe.sandbox.answers.selection import select
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import NANOSECONDS_OF_DAY, Parameters

# Non-regular trades are left out without a flag.
_OF_DAY = frozenset({TickDataFlag.EXCLUDE_CANCELLED_TRADES})


def answer_end_of_day(market: Market, parameters: Parameters) -> Answer:
    """Answer one row per symbol and day with data: its regular trades that were not cancelled, as reported."""
    check_source(market, parameters)

    def daily_bar(symbol: str, day: dt.date) -> pa.Table | None:
        trades = market.trades(symbol, day)
        if trades is None:
            return None
        bar = trade_bars(select(trades, _OF_DAY), time_bins(0, 2 * NANOSECONDS_OF_DAY, 2 * NANOSECONDS_OF_DAY))
        return pa.table({**bar, "date": constant(day, 1)})

    return _answer_days("end_of_day", market, parameters, daily_bar)


def answer_settlement_prices(market: Market, parameters: Parameters) -> Answer:
    """Answer one row per contract and day; what is no contract has none."""
    check_source(market, parameters)
    if market.venue is None:
        return without_venue("settlement_prices", market)
    return _answer_days("settlement_prices", market, parameters, market.venue.settlement)


def _answer_days(
    function: str, market: Market, parameters: Parameters, rows_of: Callable[[str, dt.date], pa.Table | None]
) -> Answer:
    period = f"from {parameters['first_day']} to {parameters['last_day']}"
    days = asked_days(market, parameters)
    tables, warnings = [empty_answer(function)], []
    for symbol in asked_symbols(parameters):
        found = [rows for day in days.get(symbol, ()) if (rows := rows_of(symbol, day)) is not None]
        if not found:
            warnings.append(nothing(market, symbol, period))
        elif not any(map(len, found)):
            warnings.append(never(function, symbol))
        tables += [
            answer_table(function, {**columns_of(rows), "symbol": constant(symbol, len(rows))})
            for rows in found
            if len(rows)
        ]
    return Answer(pa.concat_tables(tables), tuple(warnings))
