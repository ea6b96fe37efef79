"""An answer, and what all of them check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from tickframe.sandbox.answers.columns import empty_answer
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import NANOSECONDS_OF_DAY, Parameters
from tickframe.sandbox.refusal import RefusalError, near_names, suggestion
from tickframe.wire.contract import Value

# What a function answers, in words.
_SUBJECTS: Mapping[str, str] = MappingProxyType(
    {
        "order_data": "orders",
        "auction_data": "auctions",
        "settlement_prices": "settlement prices",
        "instrument_status": "statuses",
        "tick_rules": "tick rules",
        "chain": "chains",
    }
)

# Among thousands of symbols most are a little alike.
_LIKENESS = 0.8
_LENGTH_APART = 2


@dataclass(frozen=True)
class Answer:
    """What an answer holds: documented columns, warnings in words, and what stands beside the table."""

    table: pa.Table
    warnings: tuple[str, ...] = ()
    meta: Mapping[str, Value] = field(default_factory=dict)


def check_source(market: Market, parameters: Parameters) -> str:
    """Return the source that was asked for.

    Raises
    ------
    RefusalError
        If the market is not offered under that name.
    """
    source = parameters["source"]
    if source not in market.sources:
        raise RefusalError(f"there is no source {source!r}: {suggestion(source, market.sources)}")
    return source


def check_window(parameters: Parameters) -> None:
    """Refuse a window that ends before it begins."""
    if parameters.get("to_time", 2 * NANOSECONDS_OF_DAY) < parameters.get("from_time", 0):
        raise RefusalError("'toTime' is before 'fromTime'")


def asked_symbols(parameters: Parameters) -> tuple[str, ...]:
    """Return the symbols that were asked for, each once.

    Raises
    ------
    RefusalError
        If there is none.
    """
    symbols = parameters["symbols"]
    if not symbols:
        raise RefusalError("'symbols' is an empty list: name at least one symbol")
    return tuple(dict.fromkeys(symbols))


def asked_days(market: Market, parameters: Parameters) -> dict[str, list[dt.date]]:
    """Return for each symbol the days of the period on which it may have data; unknown symbols are left out.

    Raises
    ------
    RefusalError
        If the period ends before it begins.
    """
    first_day, last_day = parameters["first_day"], parameters["last_day"]
    if last_day < first_day:
        raise RefusalError(f"'lastDay' {last_day} is before 'firstDay' {first_day}")
    directory = market.symbols().select(["symbol", "first_day", "last_day"])
    asked = asked_symbols(parameters)
    listed = directory.filter(pc.is_in(directory["symbol"], pa.array(asked, pa.string()))).to_pylist()
    # Days on which nothing can be are not asked for one by one.
    return {row["symbol"]: _days(max(first_day, row["first_day"]), min(last_day, row["last_day"])) for row in listed}


def nothing(market: Market, symbol: str, when: str) -> str:
    """Say in words why there is no data of a symbol."""
    if market.lists(symbol):
        return f"no data for {symbol} {when}"
    like = [known for known in market.symbols()["symbol"].to_pylist() if abs(len(known) - len(symbol)) <= _LENGTH_APART]
    near = near_names(symbol, like, _LIKENESS)
    return f"symbol {symbol} does not exist" + (f": {near}" if near else "")


def never(function: str, symbol: str) -> str:
    """Say in words that a symbol has no such data on any day."""
    return f"{symbol} has no {_SUBJECTS[function]}"


def without_venue(function: str, market: Market) -> Answer:
    """Answer that a market of ticks alone has no such data."""
    source = " or ".join(market.sources)
    return Answer(
        empty_answer(function), (f"own ticks have no {_SUBJECTS[function]}: {source} holds trades and quotes alone",)
    )


def _days(first_day: dt.date, last_day: dt.date) -> list[dt.date]:
    return [first_day + dt.timedelta(days=number) for number in range((last_day - first_day).days + 1)]
