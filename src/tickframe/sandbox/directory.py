"""The simulated market's exchanges and instruments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import pyarrow as pa

from tickframe.sandbox.listing import KNOWN_ISINS, LISTED, LISTED_FUNDS
from tickframe.sandbox.market import EXCHANGES_SCHEMA, SYMBOLS_SCHEMA
from tickframe.sandbox.randomness import stable_integer

__all__ = ["EXCHANGES", "FIRST_DAY", "INSTRUMENTS", "Exchange", "Instrument", "exchanges_table", "symbols_table"]

#: The first day with ticks; the last is yesterday.
FIRST_DAY = dt.date(2010, 1, 1)


class Exchange(NamedTuple):
    """An exchange, its session in local time of day, and how it quotes.

    Attributes
    ----------
    opening, midday, closing
        Seconds since midnight at which the auctions begin; ``midday`` is None where there is none.
    auction
        Seconds from the beginning of the midday or closing auction to its print.
    level
        What a typical price is multiplied with, by the currency's custom.
    lot
        The usual multiple of a trade's size.
    """

    suffix: str
    region: str
    exchange: str
    name: str
    country: str
    currency: str
    feeds: tuple[str, ...]
    opening: int
    midday: int | None
    closing: int
    auction: int
    level: float
    lot: int


class Instrument(NamedTuple):
    """A listed instrument."""

    symbol: str
    name: str
    isin: str
    local_code: str
    market_segment: str
    entity_class: str
    exchange: Exchange


def _at(hour: int, minute: int) -> int:
    return hour * 3600 + minute * 60


_LISTED_EXCHANGES = (
    Exchange(
        "XE",
        "EMEA",
        "XETRA",
        "Deutsche Boerse Xetra",
        "DE",
        "EUR",
        ("XETRA Level 1", "XETRA Level 2"),
        _at(9, 0),
        _at(13, 0),
        _at(17, 30),
        120,
        1.0,
        1,
    ),
    Exchange(
        "L",
        "EMEA",
        "LSE",
        "London Stock Exchange",
        "GB",
        "GBX",
        ("LSE Level 1", "LSE Level 2"),
        _at(8, 0),
        _at(12, 0),
        _at(16, 30),
        120,
        12.0,
        1,
    ),
    Exchange(
        "PA",
        "EMEA",
        "EURONEXT PARIS",
        "Euronext Paris",
        "FR",
        "EUR",
        ("Euronext Optiq",),
        _at(9, 0),
        None,
        _at(17, 30),
        300,
        1.0,
        1,
    ),
    Exchange(
        "AS",
        "EMEA",
        "EURONEXT AMSTERDAM",
        "Euronext Amsterdam",
        "NL",
        "EUR",
        ("Euronext Optiq",),
        _at(9, 0),
        None,
        _at(17, 30),
        300,
        1.0,
        1,
    ),
    Exchange(
        "N",
        "AMERICAS",
        "NYSE",
        "New York Stock Exchange",
        "US",
        "USD",
        ("CTA Tape A", "NYSE Integrated"),
        _at(9, 30),
        None,
        _at(16, 0),
        5,
        1.0,
        100,
    ),
    Exchange(
        "O",
        "AMERICAS",
        "NASDAQ",
        "Nasdaq Stock Market",
        "US",
        "USD",
        ("UTP Tape C", "Nasdaq TotalView"),
        _at(9, 30),
        None,
        _at(16, 0),
        5,
        1.0,
        100,
    ),
    Exchange(
        "T",
        "ASIA",
        "TSE",
        "Tokyo Stock Exchange",
        "JP",
        "JPY",
        ("TSE FLEX",),
        _at(9, 0),
        _at(11, 30),
        _at(15, 0),
        3600,
        50.0,
        100,
    ),
)  # fmt: skip - one line of words and one of numbers an exchange

#: The exchanges by the suffix of their symbols.
EXCHANGES: Mapping[str, Exchange] = MappingProxyType({exchange.suffix: exchange for exchange in _LISTED_EXCHANGES})

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
