"""What an instrument is worth in each second of a day: its underlying's price, or what follows from that."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tickframe.sandbox.market.instruments import FutureTerms, Instrument, OptionTerms, Underlying
from tickframe.sandbox.market.levels import course_of, price_level
from tickframe.sandbox.market.phases import AFTER, BEFORE
from tickframe.sandbox.market.randomness import stable_generator

_Floats = npt.NDArray[np.float64]

# What holding the underlying costs a year, as a share of its price.
_CARRY = 0.02

_TRADING_DAYS = 252
_DAYS_OF_YEAR = 365.25


class Worth(NamedTuple):
    """A value for each second of the day from ``first`` on."""

    first: int
    values: _Floats

    def at(self, seconds: _Floats) -> _Floats:
        """Return the values at times in seconds since midnight."""
        values: _Floats = np.interp(seconds, self.first + np.arange(len(self.values)), self.values)
        return values


def worth(instrument: Instrument, day: dt.date, seed: int) -> Worth:
    """Return what an instrument is worth: instruments on one underlying move together."""
    spot = _spot(instrument.underlying, day, seed)
    terms = instrument.terms
    if terms is None:
        return spot
    forward = spot.values * np.exp(_CARRY * _years(day, terms.expiration))
    if isinstance(terms, FutureTerms):
        return Worth(spot.first, forward)
    volatility = course_of(instrument.underlying, seed).volatility * np.sqrt(_TRADING_DAYS)
    return Worth(spot.first, _option_value(forward, terms, _years(day, terms.expiration), volatility))


def _spot(underlying: Underlying, day: dt.date, seed: int) -> Worth:
    """Return the underlying's own price, a bridge from the level of one day to that of the next, so that days join."""
    random = stable_generator("path", seed, underlying.symbol, day.isoformat())
    exchange = underlying.exchange
    course = course_of(underlying, seed)
    seconds = exchange.closing + exchange.auction + AFTER - exchange.opening + BEFORE + 1
    first, last = price_level(course, day), price_level(course, day + dt.timedelta(days=1))
    walk = np.cumsum(random.standard_normal(seconds) * (0.8 * course.volatility / np.sqrt(seconds)))
    along = np.linspace(0, 1, seconds)
    return Worth(exchange.opening - BEFORE, np.exp(first + (last - first) * along + walk - walk[-1] * along))


def _option_value(forward: _Floats, terms: OptionTerms, years: float, volatility: float) -> _Floats:
    """Return the value of an option by the formula of Black (1976)."""
    deviation = volatility * np.sqrt(years)
    upper = np.log(forward / terms.strike) / deviation + deviation / 2
    sign = 1 if terms.call else -1
    gain = forward * _normal(sign * upper) - terms.strike * _normal(sign * (upper - deviation))
    value: _Floats = np.exp(-_CARRY * years) * np.maximum(sign * gain, 0)
    return value


def _normal(x: _Floats) -> _Floats:
    # Abramowitz and Stegun, 26.2.17: right to seven decimals, and NumPy has no error function.
    t = 1 / (1 + 0.2316419 * np.abs(x))
    powers = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * powers
    share: _Floats = np.where(x > 0, 1 - tail, tail)
    return share


def _years(day: dt.date, expiration: dt.date) -> float:
    return (expiration - day).days / _DAYS_OF_YEAR
