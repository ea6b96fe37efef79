"""Data of symbols and days: orders, auctions, statuses, tick rules, settlement prices and end-of-day bars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from tickframe.catalogue import TickDataFlag
from tickframe.sandbox.answers.bars import time_bins, trade_bars
from tickframe.sandbox.answers.response import (
    Response,
    check_source,
    check_window,
    columns_of,
    constant,
    empty_table,
    no_data,
    only_ticks,
    requested_symbols,
    response_table,
)
from tickframe.sandbox.answers.selection import select, within
from tickframe.sandbox.market.interface import Market, Venue
from tickframe.sandbox.parameters import NANOSECONDS_OF_DAY, Parameters
from tickframe.sandbox.refusal import RefusalError

_TableOf = Callable[[str, dt.date], pa.Table | None]


def answer_order_data(market: Market, parameters: Parameters) -> Response:
    """Answer with the order events of a window that includes both ends, by symbol and then in order of time."""
    check_window(parameters)
    response = _answer_published("order_data", market, parameters, "orders", lambda venue: venue.orders)
    return replace(response, table=within(response.table, parameters.get("from_time"), parameters.get("to_time")))


def answer_auction_data(market: Market, parameters: Parameters) -> Response:
    """Answer with auction messages. They have no column for the symbol, so they come in the requested order."""
    return _answer_published("auction_data", market, parameters, "auctions", lambda venue: venue.auctions)


def answer_instrument_status(market: Market, parameters: Parameters) -> Response:
    """Answer with the statuses of the day, each with the time from which it holds."""
    return _answer_published("instrument_status", market, parameters, "statuses", lambda venue: venue.statuses)


def answer_tick_rules(market: Market, parameters: Parameters) -> Response:
    """Answer with the tick sizes, each with the lower bound from which it holds."""
    return _answer_published("tick_rules", market, parameters, "tick rules", lambda venue: venue.tick_rules)


def answer_settlement_prices(market: Market, parameters: Parameters) -> Response:
    """Answer with one row per contract and day."""
    return _answer_published(
        "settlement_prices", market, parameters, "settlement prices", lambda venue: venue.settlement
    )


def answer_end_of_day(market: Market, parameters: Parameters) -> Response:
    """Answer with one bar per symbol and day with data, of the regular trades that were not cancelled."""

    def daily_bar(symbol: str, day: dt.date) -> pa.Table | None:
        trades = market.trades(symbol, day)
        if trades is None:
            return None
        # Non-regular trades are excluded by default.
        counted = select(trades, {TickDataFlag.EXCLUDE_CANCELLED_TRADES})
        return pa.table(trade_bars(counted, time_bins(0, 2 * NANOSECONDS_OF_DAY, 2 * NANOSECONDS_OF_DAY)))

    return _answer_days("end_of_day", market, parameters, "trades", daily_bar)


def _answer_published(
    function: str, market: Market, parameters: Parameters, what: str, table_of: Callable[[Venue], _TableOf]
) -> Response:
    """Answer with what exchanges publish besides ticks."""
    return _answer_days(function, market, parameters, what, table_of(market.venue) if market.venue else None)


def _answer_days(
    function: str, market: Market, parameters: Parameters, what: str, table_of: _TableOf | None
) -> Response:
    """Answer with the tables of the requested symbols and days; a symbol without rows has a warning.

    Parameters
    ----------
    function, market, parameters
        The request.
    what
        What the rows are, for warnings.
    table_of
        Returns the table of a symbol and a day, as :class:`~tickframe.sandbox.market.interface.Venue` has
        it; None if the market has no such data.
    """
    check_source(market, parameters)
    symbols = requested_symbols(parameters)
    days, when = _requested_days(market, parameters, symbols)
    if table_of is None:
        return only_ticks(function, market, what)
    tables, warnings = [empty_table(function)], []
    for symbol in symbols:
        found = [(day, table) for day in days.get(symbol, ()) if (table := table_of(symbol, day)) is not None]
        if not found:
            warnings.append(no_data(market, symbol, when))
        elif not any(len(table) for _, table in found):
            warnings.append(f"{symbol} has no {what}")
        for day, table in found:
            if len(table):
                date = constant(day, len(table))
                named = {"symbol": constant(symbol, len(table)), "date": date, "order_date": date}
                tables.append(response_table(function, {**columns_of(table), **named}))
    return Response(pa.concat_tables(tables), tuple(warnings))


def _requested_days(
    market: Market, parameters: Parameters, symbols: tuple[str, ...]
) -> tuple[Mapping[str, Sequence[dt.date]], str]:
    """Return the days to look at by symbol, and the requested day or period in words.

    Raises
    ------
    RefusalError
        If the period is reversed.
    """
    if "day" in parameters:
        return {symbol: [parameters["day"]] for symbol in symbols}, f"on {parameters['day']}"
    first_day, last_day = parameters["first_day"], parameters["last_day"]
    if last_day < first_day:
        raise RefusalError(f"'lastDay' {last_day} is before 'firstDay' {first_day}")
    # Only days within a symbol's first and last day can have data.
    directory = market.symbols().select(["symbol", "first_day", "last_day"])
    listed = directory.filter(pc.is_in(directory["symbol"], pa.array(symbols, pa.string()))).to_pylist()
    days = {row["symbol"]: _days(max(first_day, row["first_day"]), min(last_day, row["last_day"])) for row in listed}
    return days, f"from {first_day} to {last_day}"


def _days(first_day: dt.date, last_day: dt.date) -> list[dt.date]:
    return [first_day + dt.timedelta(days=number) for number in range((last_day - first_day).days + 1)]
