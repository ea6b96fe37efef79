"""The answers of what an exchange publishes about a day: orders, auctions, statuses, tick rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pyarrow as pa

from tickframe.sandbox.answers.columns import answer_table, columns_of, constant, empty_answer
from tickframe.sandbox.answers.response import (
    Answer,
    asked_symbols,
    check_source,
    check_window,
    never,
    nothing,
    without_venue,
)
from tickframe.sandbox.answers.selection import within
from tickframe.sandbox.market.interface import Market, Venue
from tickframe.sandbox.parameters import Parameters

_Tables = Callable[[str, dt.date], pa.Table | None]


def answer_order_data(market: Market, parameters: Parameters) -> Answer:
    """Answer the events of the window, both ends included: one symbol after the other, each in order of time."""
    check_window(parameters)
    answer = _answer_symbols("order_data", market, parameters, lambda venue: venue.orders)
    return Answer(within(answer.table, parameters.get("from_time"), parameters.get("to_time")), answer.warnings)


def answer_auction_data(market: Market, parameters: Parameters) -> Answer:
    """Answer the messages of the day's auctions; no column says the symbol, so they come in the order asked for."""
    return _answer_symbols("auction_data", market, parameters, lambda venue: venue.auctions)


def answer_instrument_status(market: Market, parameters: Parameters) -> Answer:
    """Answer the statuses of the day, each from its time on."""
    return _answer_symbols("instrument_status", market, parameters, lambda venue: venue.statuses)


def answer_tick_rules(market: Market, parameters: Parameters) -> Answer:
    """Answer the steps of the prices, each from its lower bound on."""
    return _answer_symbols("tick_rules", market, parameters, lambda venue: venue.tick_rules)


def _answer_symbols(
    function: str, market: Market, parameters: Parameters, published: Callable[[Venue], _Tables]
) -> Answer:
    check_source(market, parameters)
    symbols, day = asked_symbols(parameters), parameters["day"]
    if market.venue is None:
        return without_venue(function, market)
    table_of = published(market.venue)
    tables, warnings = [empty_answer(function)], []
    for symbol in symbols:
        table = table_of(symbol, day)
        if table is None:
            warnings.append(nothing(market, symbol, f"on {day}"))
            continue
        if not len(table):
            warnings.append(never(function, symbol))
        named = {"symbol": constant(symbol, len(table)), "date": constant(day, len(table))}
        tables.append(answer_table(function, {**columns_of(table), **named, "order_date": named["date"]}))
    return Answer(pa.concat_tables(tables), tuple(warnings))
