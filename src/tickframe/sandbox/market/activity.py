"""When ticks arrive: a session's rhythm, and the delay between the exchange's clock and the capture's."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tickframe.sandbox.market.exchanges import Exchange
from tickframe.sandbox.market.phases import UNCROSSING, phases

#: A second in nanoseconds.
SECOND = 10**9

# One event often makes several ticks, and they carry its timestamp.
_SAME_EVENT = 0.4

# The exchange's timestamps are whole microseconds, those of the capture are not.
_MARKET_CLOCK = 1000


class Arrivals(NamedTuple):
    """Timestamps of ticks in nanoseconds since midnight, int64: the exchange's, and those of their capture."""

    market: npt.NDArray[np.int64]
    capture: npt.NDArray[np.int64]


class Intensity(NamedTuple):
    """How many ticks to expect from ``opening`` to the end of each second, in any unit."""

    opening: int
    expected: npt.NDArray[np.float64]


def intensity_of(random: np.random.Generator, exchange: Exchange) -> Intensity:
    """Draw the rhythm of one session: busy at both ends, in bursts, silent outside of continuous trading."""
    seconds = exchange.closing - exchange.opening
    along = np.linspace(-1, 1, seconds)
    usual = 0.6 + 1.6 * along**4 + 1.5 * np.exp(-(along + 1) * 25)
    mood = np.convolve(random.standard_normal(seconds), np.exp(-np.arange(400) / 120), mode="same")
    bursts = 1 + 25 * np.convolve(random.random(seconds) < 0.002, np.exp(-np.arange(40) / 8), mode="full")[:seconds]
    intensity = usual * np.exp(0.06 * mood) * bursts
    rests = np.ones(seconds, dtype=np.bool_)
    session = phases(exchange)
    for phase, following in pairwise(session):
        if phase.continuous:
            start, end = phase.second - exchange.opening, following.second - exchange.opening
            rests[start:end] = False
            # What happens at the end of a phase is captured within it.
            rests[end - UNCROSSING : end] = True
    intensity[rests] = 0
    return Intensity(exchange.opening, np.concatenate(([0.0], np.cumsum(intensity))))


def arrive(random: np.random.Generator, intensity: Intensity, count: int) -> Arrivals:
    """Draw ticks of continuous trading, in order."""
    drawn = np.sort(random.random(count)) * intensity.expected[-1]
    seconds = np.interp(drawn, intensity.expected, np.arange(len(intensity.expected)))
    market = intensity.opening * SECOND + (seconds * SECOND).astype(np.int64)
    follows = random.random(count) < _SAME_EVENT
    event = np.maximum.accumulate(np.where(follows, 0, np.arange(count)))
    return _captured(random, market, event)


def evenly(random: np.random.Generator, count: int, first: int, last: int) -> Arrivals:
    """Draw ticks spread evenly between two seconds of the day, in order."""
    market = np.sort(random.integers(first * SECOND, last * SECOND, count))
    return _captured(random, market, np.arange(count))


def at_once(random: np.random.Generator, count: int, second: int) -> Arrivals:
    """Draw ticks that all carry one timestamp."""
    return _captured(random, np.full(count, second * SECOND), np.zeros(count, dtype=np.int64))


def join(*parts: Arrivals) -> Arrivals:
    """Put arrivals behind one another."""
    market, capture = zip(*parts, strict=True)
    return Arrivals(np.concatenate(market), np.concatenate(capture))


def _captured(random: np.random.Generator, market: npt.NDArray[np.int64], event: npt.NDArray[np.int64]) -> Arrivals:
    market = market[event] // _MARKET_CLOCK * _MARKET_CLOCK
    delay = 20_000 + random.exponential(60_000, len(market)).astype(np.int64)
    # The line keeps the order of its messages.
    return Arrivals(market, np.maximum.accumulate(market + delay[event]))
