"""A price from day to day, known for any day without the days before it."""

from __future__ import annotations

import datetime as dt

import numpy as np

from tickframe.sandbox.directory import Exchange, Instrument
from tickframe.sandbox.randomness import stable_generator

__all__ = ["Character", "price_level"]

_EPOCH = dt.date(1970, 1, 1)

# From half a week to two decades: enough of them walk like a price, none repeats within the market's days.
_PERIODS = np.geomspace(3.3, 7300.0, 48)


class Character:
    """What stays the same about an instrument from day to day.

    Attributes
    ----------
    tick : tuple of int
        Prices are whole multiples of ``tick[0] / tick[1]``.
    volatility : float
        Standard deviation of a day's log return.
    trades, quotes : int
        How many a usual day has.
    typical_size : float
        The median size of a trade, in lots.
    """

    def __init__(self, instrument: Instrument, seed: int) -> None:
        random = stable_generator("character", seed, instrument.symbol)
        self.volatility = float(random.uniform(0.008, 0.019))
        self.quotes = int(np.exp(random.uniform(np.log(25_000), np.log(70_000))))
        self.trades = int(self.quotes * random.uniform(0.2, 0.3))
        self.typical_size = float(random.uniform(1.0, 3.0) if instrument.exchange.lot > 1 else random.uniform(40, 160))
        self.base = float(instrument.exchange.level * np.exp(random.normal(np.log(55), 0.7)))
        self.tick = _tick(instrument.exchange, self.base)
        self.phases = random.uniform(0, 2 * np.pi, len(_PERIODS))
        # One day's change of all waves together has the standard deviation `volatility`.
        amplitudes = np.sqrt(_PERIODS)
        change = np.sqrt(np.sum(2 * (amplitudes * np.sin(np.pi / _PERIODS)) ** 2))
        self.amplitudes = amplitudes * (self.volatility / change)


def price_level(of: Character, day: dt.date) -> float:
    """Return the log price at which a day opens, and at which the day before closed."""
    angle = 2 * np.pi * (day - _EPOCH).days / _PERIODS
    return float(np.log(of.base) + np.sum(of.amplitudes * np.sin(angle + of.phases)))


def _tick(exchange: Exchange, price: float) -> tuple[int, int]:
    if exchange.country == "US":
        return 1, 100
    if exchange.country == "JP":
        return (1, 1) if price > 1500 else (1, 10)
    for limit, tick in ((20, (1, 1000)), (50, (5, 1000)), (100, (1, 100)), (200, (2, 100)), (1000, (1, 10))):
        if price < limit:
            return tick
    return 5, 10
