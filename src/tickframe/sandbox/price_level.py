"""A price from day to day, known for any day without the days before it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tickframe.sandbox.directory import Instrument
from tickframe.sandbox.exchanges import Exchange
from tickframe.sandbox.randomness import stable_generator

__all__ = ["Character", "character_of", "price_level"]

_EPOCH = dt.date(1970, 1, 1)

# From half a week to two decades: enough of them walk like a price, none repeats within the market's days.
_PERIODS = np.geomspace(3.3, 7300.0, 48)

_EUROPEAN_TICKS = ((20, (1, 1000)), (50, (5, 1000)), (100, (1, 100)), (200, (2, 100)), (1000, (1, 10)))


@dataclass(frozen=True)
class Character:
    """What stays the same about an instrument from day to day.

    Attributes
    ----------
    base
        The price around which it moves over the years.
    volatility
        Standard deviation of a day's log return.
    tick
        Numerator and denominator of the price step.
    quotes, trades
        How many a usual day has.
    typical_size
        The median size of a trade, in lots.
    phases
        Where each wave of the price begins, in radians.
    """

    base: float
    volatility: float
    tick: tuple[int, int]
    quotes: int
    trades: int
    typical_size: float
    phases: npt.NDArray[np.float64]


def character_of(instrument: Instrument, seed: int) -> Character:
    """Draw the character of an instrument."""
    random = stable_generator("character", seed, instrument.symbol)
    exchange = instrument.exchange
    base = float(exchange.level * random.lognormal(np.log(55), 0.7))
    quotes = int(np.exp(random.uniform(np.log(25_000), np.log(70_000))))
    return Character(
        base=base,
        volatility=float(random.uniform(0.008, 0.019)),
        tick=_tick(exchange, base),
        quotes=quotes,
        trades=int(quotes * random.uniform(0.2, 0.3)),
        typical_size=float(random.uniform(1, 3) if exchange.lot > 1 else random.uniform(40, 160)),
        phases=random.uniform(0, 2 * np.pi, len(_PERIODS)),
    )


def price_level(character: Character, day: dt.date) -> float:
    """Return the log price at which a day opens, and at which the day before closed."""
    # Slow waves are high, as in a random walk; one day's change of all of them has the right deviation.
    amplitudes = np.sqrt(_PERIODS)
    change = np.sqrt(np.sum(2 * (amplitudes * np.sin(np.pi / _PERIODS)) ** 2))
    angles = 2 * np.pi * (day - _EPOCH).days / _PERIODS + character.phases
    return float(np.log(character.base) + character.volatility / change * np.sum(amplitudes * np.sin(angles)))


def _tick(exchange: Exchange, price: float) -> tuple[int, int]:
    if exchange.country == "US":
        return 1, 100
    if exchange.country == "JP":
        return (1, 1) if price > 1500 else (1, 10)
    return next((tick for limit, tick in _EUROPEAN_TICKS if price < limit), (5, 10))
