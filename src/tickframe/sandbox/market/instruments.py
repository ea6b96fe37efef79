"""What an instrument is: its listing, what its price follows, and the terms of a contract."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from tickframe.sandbox.market.exchanges import Exchange
from tickframe.sandbox.market.randomness import stable_integer


class Underlying(NamedTuple):
    """What has a price of its own, listed or not: a share, a commodity, an index.

    Attributes
    ----------
    symbol, name, isin, currency, mic
        As reference data show them; ``isin`` and ``mic`` are empty where there is none.
    exchange
        Whose hours the price keeps.
    usual_price
        What its price is near, over the years.
    scatter
        Standard deviation of the log of its base price around that, from market to market.
    """

    symbol: str
    name: str
    isin: str
    currency: str
    mic: str
    exchange: Exchange
    usual_price: float
    scatter: float


class FutureTerms(NamedTuple):
    """The terms of a future."""

    expiration: dt.date
    contract_size: int


class OptionTerms(NamedTuple):
    """The terms of an option; ``future`` is what it is written on, None where that is the underlying itself."""

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
        What its price follows; a share's is the share itself.
    first_day, last_day
        When it trades; ``last_day`` is far in the future for what does not expire.
    terms
        None for what is no contract.
    chain
        The name of the chain that a contract belongs to; empty for what is no contract.
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
    """Return an ISIN that is not real, with a right check digit."""
    body = f"{country}{stable_integer('isin', symbol) % 10**9:09d}"
    return body + str(_check_digit(body))


def _check_digit(body: str) -> int:
    # ISO 6166: letters become numbers from 10 on, then every second digit from the right counts double.
    digits = "".join(str(int(character, 36)) for character in body)
    doubled = (int(digit) * (1 + (place % 2 == 0)) for place, digit in enumerate(reversed(digits)))
    return -sum(number // 10 + number % 10 for number in doubled) % 10
