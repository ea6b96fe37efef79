"""How actively instruments trade: how often, in which sizes, with which spread, and at which times."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tickframe.sandbox.market.arrays import SECOND, Floats, Integers
from tickframe.sandbox.market.exchanges import UNCROSSING, Exchange
from tickframe.sandbox.market.instruments import FutureTerms, Instrument
from tickframe.sandbox.market.randomness import stable_generator

# The future that expires next is the busiest: activity falls by the factor e in this many days to expiration.
_FADING_DAYS = 150

# One event often causes several ticks with the same timestamp.
_SAME_EVENT = 0.4

# The exchange's timestamps are whole microseconds; capture times are not.
_MICROSECOND = 1000


@dataclass(frozen=True)
class Activity:
    """How an instrument trades on a usual day.

    Attributes
    ----------
    quotes, trades
        How many there are in a day.
    typical_size
        The median size of a trade in lots.
    spread
        The usual bid-ask spread, as a share of the price.
    """

    quotes: int
    trades: int
    typical_size: float
    spread: float


def usual_activity(instrument: Instrument, day: dt.date, seed: int) -> Activity:
    """Draw the activity of an instrument; that of a future grows as it nears its expiration."""
    random = stable_generator("character", seed, instrument.symbol)
    terms = instrument.terms
    if terms is None:
        quotes = _between(random, 25_000, 70_000)
        share = random.uniform(0.2, 0.3)
        size = random.uniform(1, 3) if instrument.exchange.lot > 1 else random.uniform(40, 160)
        spread = 0.0004
    elif isinstance(terms, FutureTerms):
        nearness = np.exp(-(terms.expiration - day).days / _FADING_DAYS)
        quotes = int(500 + nearness * _between(random, 40_000, 60_000))
        share, size, spread = random.uniform(0.2, 0.3), random.uniform(1, 3), 0.0002
    else:
        quotes = _between(random, 1_000, 4_000)
        share, size, spread = random.uniform(0.03, 0.08), random.uniform(2, 6), 0.02
    return Activity(quotes=quotes, trades=int(quotes * share), typical_size=float(size), spread=spread)


def _between(random: np.random.Generator, least: int, most: int) -> int:
    return int(np.exp(random.uniform(np.log(least), np.log(most))))


class Timestamps(NamedTuple):
    """Timestamps of ticks in nanoseconds since midnight: the exchange's, and those of their capture."""

    market: Integers
    capture: Integers


class Intensity(NamedTuple):
    """The expected number of ticks from ``opening`` to the end of each second, up to a factor."""

    opening: int
    expected: Floats


def draw_intensity(random: np.random.Generator, exchange: Exchange) -> Intensity:
    """Draw the intensity of a session: high at both ends, with bursts, zero outside continuous trading."""
    seconds = exchange.closing - exchange.opening
    along = np.linspace(-1, 1, seconds)
    usual = 0.6 + 1.6 * along**4 + 1.5 * np.exp(-(along + 1) * 25)
    mood = np.convolve(random.standard_normal(seconds), np.exp(-np.arange(400) / 120), mode="same")
    bursts = 1 + 25 * np.convolve(random.random(seconds) < 0.002, np.exp(-np.arange(40) / 8), mode="full")[:seconds]
    intensity = usual * np.exp(0.06 * mood) * bursts
    silent = np.ones(seconds, dtype=np.bool_)
    for phase, following in pairwise(exchange.phases):
        if phase.continuous:
            # Ticks at the end of a phase must be captured within it.
            silent[phase.second - exchange.opening : following.second - UNCROSSING - exchange.opening] = False
    intensity[silent] = 0
    return Intensity(exchange.opening, np.concatenate(([0.0], np.cumsum(intensity))))


def in_continuous_trading(random: np.random.Generator, intensity: Intensity, count: int) -> Timestamps:
    """Draw the times of ticks in continuous trading, in order."""
    drawn = np.sort(random.random(count)) * intensity.expected[-1]
    seconds = np.interp(drawn, intensity.expected, np.arange(len(intensity.expected)))
    market = intensity.opening * SECOND + (seconds * SECOND).astype(np.int64)
    follows = random.random(count) < _SAME_EVENT
    event = np.maximum.accumulate(np.where(follows, 0, np.arange(count)))
    return _captured(random, market, event)


def evenly(random: np.random.Generator, count: int, first: int, last: int) -> Timestamps:
    """Draw the times of ticks that are spread evenly between two seconds of the day, in order."""
    market = np.sort(random.integers(first * SECOND, last * SECOND, count))
    return _captured(random, market, np.arange(count))


def at_once(random: np.random.Generator, count: int, second: int) -> Timestamps:
    """Draw the times of ticks that happen in the same instant."""
    return _captured(random, np.full(count, second * SECOND), np.zeros(count, dtype=np.int64))


def join(*parts: Timestamps) -> Timestamps:
    """Concatenate timestamps."""
    market, capture = zip(*parts, strict=True)
    return Timestamps(np.concatenate(market), np.concatenate(capture))


def _captured(random: np.random.Generator, market: Integers, event: Integers) -> Timestamps:
    market = market[event] // _MICROSECOND * _MICROSECOND
    delay = 20_000 + random.exponential(60_000, len(market)).astype(np.int64)
    # Messages arrive in the order in which they were sent.
    return Timestamps(market, np.maximum.accumulate(market + delay[event]))
