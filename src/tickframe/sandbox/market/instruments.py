"""Instruments: their listing, the underlying that their price follows, and the terms of contracts."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from tickframe.sandbox.market.exchanges import Exchange
from tickframe.sandbox.market.randomness import stable_integer


class Underlying(NamedTuple):
    """Something with a price of its own, listed or not: a share, a commodity, an index.

    Attributes
    ----------
    symbol, name, isin, currency, mic
        As in reference data; ``isin`` and ``mic`` are empty if it has none.
    exchange
        The exchange during whose hours the price moves.
    usual_price
        The price around which it moves over the years.
    scatter
        Standard deviation, from seed to seed, of the log of the base price around the usual one.
    """

    symbol: str
    name: str
    exchange: Exchange
    currency: str
    usual_price: float
    scatter: float = 0.05
    isin: str = ""
    mic: str = ""


class FutureTerms(NamedTuple):
    """The terms of a future."""

    expiration: dt.date
    contract_size: int


class OptionTerms(NamedTuple):
    """The terms of an option; ``future`` is None if it is written on the underlying itself."""

    expiration: dt.date
    contract_size: int
    call: bool
    strike: float
    american: bool
    future: Instrument | None


class Instrument(NamedTuple):
    """A listed instrument.

    Attributes
    ----------
    underlying
        What its price follows; for a share, the share itself.
    first_day, last_day
        The first and last day on which it trades; ``last_day`` is ``date.max`` if it does not expire.
    terms
        The terms of a contract; None for a share.
    chain
        The name of the contract's chain; empty for a share.
    """

    symbol: str
    name: str
    isin: str
    local_code: str
    market_segment: str
    entity_class: str
    exchange: Exchange
    underlying: Underlying
    first_day: dt.date
    last_day: dt.date
    terms: FutureTerms | OptionTerms | None = None
    chain: str = ""


def invented_isin(country: str, symbol: str) -> str:
    """Return an ISIN that does not exist, with a valid check digit."""
    body = f"{country}{stable_integer('isin', symbol) % 10**9:09d}"
    return body + str(_check_digit(body))


def _check_digit(body: str) -> int:
    # ISO 6166: letters become numbers from 10 on, then every second digit from the right is doubled.
    digits = "".join(str(int(character, 36)) for character in body)
    doubled = (int(digit) * (1 + (place % 2 == 0)) for place, digit in enumerate(reversed(digits)))
    return -sum(number // 10 + number % 10 for number in doubled) % 10
