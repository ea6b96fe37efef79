"""What the simulated market lists: instruments, and the tables that lookups show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import pyarrow as pa

from tickframe.sandbox.exchanges import EXCHANGES, Exchange
from tickframe.sandbox.listing import KNOWN_ISINS, LISTED, LISTED_FUNDS
from tickframe.sandbox.market import EXCHANGES_SCHEMA, SYMBOLS_SCHEMA
from tickframe.sandbox.randomness import stable_integer

__all__ = ["FIRST_DAY", "INSTRUMENTS", "Instrument", "exchanges_table", "symbols_table"]

#: The first day with ticks; the last is yesterday.
FIRST_DAY = dt.date(2010, 1, 1)


class Instrument(NamedTuple):
    """A listed instrument."""

    symbol: str
    name: str
    isin: str
    local_code: str
    market_segment: str
    entity_class: str
    exchange: Exchange


_ENTITY_CLASSES = (("Equity", LISTED), ("ETF", LISTED_FUNDS))

_SEGMENTS = MappingProxyType({"Equity": ("Blue chips", "Mid caps"), "ETF": ("Exchange-traded products",)})


def _instruments() -> Mapping[str, Instrument]:
    instruments = {}
    for entity_class, listed in _ENTITY_CLASSES:
        segments = _SEGMENTS[entity_class]
        for suffix, lines in listed.items():
            exchange = EXCHANGES[suffix]
            for line in lines.splitlines():
                local_code, name = line.split(" ", 1)
                symbol = f"{local_code}.{suffix}"
                instruments[symbol] = Instrument(
                    symbol=symbol,
                    name=name,
                    isin=KNOWN_ISINS.get(symbol) or _invented_isin(exchange.country, symbol),
                    local_code=local_code,
                    market_segment=segments[stable_integer("segment", symbol) % len(segments)],
                    entity_class=entity_class,
                    exchange=exchange,
                )
    return MappingProxyType(dict(sorted(instruments.items())))


def _invented_isin(country: str, symbol: str) -> str:
    body = f"{country}{stable_integer('isin', symbol) % 10**9:09d}"
    return body + str(_check_digit(body))


def _check_digit(body: str) -> int:
    # ISO 6166: letters become numbers from 10 on, then every second digit from the right counts double.
    digits = "".join(str(int(character, 36)) for character in body)
    doubled = (int(digit) * (1 + (place % 2 == 0)) for place, digit in enumerate(reversed(digits)))
    return -sum(number // 10 + number % 10 for number in doubled) % 10


#: The listed instruments by symbol, in the symbols' order.
INSTRUMENTS: Mapping[str, Instrument] = _instruments()


def exchanges_table(last_day: dt.date) -> pa.Table:
    """Return the exchanges as rows of ``EXCHANGES_SCHEMA``."""
    rows = [
        {
            "region": exchange.region,
            "exchange": exchange.exchange,
            "name": exchange.name,
            "abbreviation": exchange.suffix,
            "first_day": FIRST_DAY,
            "last_day": last_day,
            "feeds": exchange.feeds,
        }
        for exchange in EXCHANGES.values()
    ]
    return pa.Table.from_pylist(rows, EXCHANGES_SCHEMA)


def symbols_table(last_day: dt.date) -> pa.Table:
    """Return the instruments as rows of ``SYMBOLS_SCHEMA``."""
    rows = [
        {
            "region": instrument.exchange.region,
            "exchange": instrument.exchange.exchange,
            "symbol": instrument.symbol,
            "name": instrument.name,
            "isin": instrument.isin,
            "local_code": instrument.local_code,
            "currency": instrument.exchange.currency,
            "market_segment": instrument.market_segment,
            "entity_class": instrument.entity_class,
            "first_day": FIRST_DAY,
            "last_day": last_day,
        }
        for instrument in INSTRUMENTS.values()
    ]
    return pa.Table.from_pylist(rows, SYMBOLS_SCHEMA)
