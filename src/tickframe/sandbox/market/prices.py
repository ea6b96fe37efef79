"""Prices of instruments: an underlying's from day to day and in each second, and what contracts are worth."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tickframe.sandbox.market.arrays import Floats
from tickframe.sandbox.market.exchanges import POST_TRADING
from tickframe.sandbox.market.instruments import FutureTerms, Instrument, OptionTerms, Underlying
from tickframe.sandbox.market.randomness import stable_generator

_EPOCH = dt.date(1970, 1, 1)

# The periods of waves in days, from half a week to two decades: enough to move like a price without repeating.
_PERIODS = np.geomspace(3.3, 7300.0, 48)

# The yearly cost of holding the underlying, as a share of its price.
_CARRY = 0.02

_TRADING_DAYS = 252
_DAYS_OF_YEAR = 365.25


@dataclass(frozen=True)
class PriceProcess:
    """How a price moves over the years: a sum of waves, known for any day without the days before it.

    Attributes
    ----------
    base
        The price around which it moves.
    volatility
        Standard deviation of a day's log return.
    phases
        The phase of each wave in radians.
    """

    base: float
    volatility: float
    phases: Floats

    def level(self, day: dt.date) -> float:
        """Return the log of the price at which a day opens and the day before closed."""
        # Slow waves are high, as in a random walk. The changes of all waves in a day add up to the volatility.
        amplitudes = np.sqrt(_PERIODS)
        change = np.sqrt(np.sum(2 * (amplitudes * np.sin(np.pi / _PERIODS)) ** 2))
        angles = 2 * np.pi * (day - _EPOCH).days / _PERIODS + self.phases
        return float(np.log(self.base) + self.volatility / change * np.sum(amplitudes * np.sin(angles)))


def price_process(underlying: Underlying, seed: int) -> PriceProcess:
    """Draw the process of an underlying's price."""
    random = stable_generator("course", seed, underlying.symbol)
    return PriceProcess(
        base=float(underlying.usual_price * random.lognormal(0, underlying.scatter)),
        volatility=float(random.uniform(0.008, 0.019)),
        phases=random.uniform(0, 2 * np.pi, len(_PERIODS)),
    )


class FairValue(NamedTuple):
    """A value for each second of the day from ``first_second`` on."""

    first_second: int
    values: Floats

    def at(self, seconds: Floats) -> Floats:
        """Return the values at times in seconds since midnight."""
        values: Floats = np.interp(seconds, self.first_second + np.arange(len(self.values)), self.values)
        return values


def fair_value(instrument: Instrument, day: dt.date, seed: int) -> FairValue:
    """Return what an instrument is worth on a day; instruments on one underlying move together."""
    spot = _spot(instrument.underlying, day, seed)
    terms = instrument.terms
    if terms is None:
        return spot
    years = (terms.expiration - day).days / _DAYS_OF_YEAR
    forward = spot.values * np.exp(_CARRY * years)
    if isinstance(terms, FutureTerms):
        return spot._replace(values=forward)
    volatility = price_process(instrument.underlying, seed).volatility * np.sqrt(_TRADING_DAYS)
    return spot._replace(values=_option_value(forward, terms, years, volatility))


def _spot(underlying: Underlying, day: dt.date, seed: int) -> FairValue:
    """Return the price of an underlying: a Brownian bridge from the level of a day to that of the next."""
    random = stable_generator("path", seed, underlying.symbol, day.isoformat())
    exchange = underlying.exchange
    process = price_process(underlying, seed)
    seconds = exchange.last_second + POST_TRADING - exchange.first_second
    first, last = process.level(day), process.level(day + dt.timedelta(days=1))
    walk = np.cumsum(random.standard_normal(seconds) * (0.8 * process.volatility / np.sqrt(seconds)))
    along = np.linspace(0, 1, seconds)
    return FairValue(exchange.first_second, np.exp(first + (last - first) * along + walk - walk[-1] * along))


def _option_value(forward: Floats, terms: OptionTerms, years: float, volatility: float) -> Floats:
    """Return the value of an option by the formula of Black (1976)."""
    deviation = volatility * np.sqrt(years)
    upper = np.log(forward / terms.strike) / deviation + deviation / 2
    sign = 1 if terms.call else -1
    gain = forward * _normal(sign * upper) - terms.strike * _normal(sign * (upper - deviation))
    value: Floats = np.exp(-_CARRY * years) * np.maximum(sign * gain, 0)
    return value


def _normal(x: Floats) -> Floats:
    # NumPy has no error function. This is formula 26.2.17 of Abramowitz and Stegun, exact to seven decimals.
    t = 1 / (1 + 0.2316419 * np.abs(x))
    powers = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * powers
    share: Floats = np.where(x > 0, 1 - tail, tail)
    return share
