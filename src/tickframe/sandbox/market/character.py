"""How an instrument trades, apart from its price: how often, how much at a time, how wide its quotes are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from tickframe.sandbox.market.instruments import FutureTerms, Instrument
from tickframe.sandbox.market.randomness import stable_generator

# The nearest future is the busiest; activity fades with the days to the expiration.
_FADING = 150


@dataclass(frozen=True)
class Character:
    """How an instrument trades on a usual day.

    Attributes
    ----------
    quotes, trades
        How many a usual day has.
    typical_size
        The median size of a trade, in lots.
    spread
        The usual distance of bid and ask, as a share of the price.
    """

    quotes: int
    trades: int
    typical_size: float
    spread: float


def character_of(instrument: Instrument, day: dt.date, seed: int) -> Character:
    """Draw the character of an instrument; a contract's changes as it nears its expiration."""
    random = stable_generator("character", seed, instrument.symbol)
    terms = instrument.terms
    if terms is None:
        quotes = _between(random, 25_000, 70_000)
        share = random.uniform(0.2, 0.3)
        size = random.uniform(1, 3) if instrument.exchange.lot > 1 else random.uniform(40, 160)
        spread = 0.0004
    elif isinstance(terms, FutureTerms):
        nearness = np.exp(-(terms.expiration - day).days / _FADING)
        quotes = int(500 + nearness * _between(random, 40_000, 60_000))
        share, size, spread = random.uniform(0.2, 0.3), random.uniform(1, 3), 0.0002
    else:
        quotes = _between(random, 1_000, 4_000)
        share, size, spread = random.uniform(0.03, 0.08), random.uniform(2, 6), 0.02
    return Character(quotes=quotes, trades=int(quotes * share), typical_size=float(size), spread=spread)


def _between(random: np.random.Generator, least: int, most: int) -> int:
    return int(np.exp(random.uniform(np.log(least), np.log(most))))
