"""A price from day to day, known for any day without the days before it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tickframe.sandbox.market.instruments import Underlying
from tickframe.sandbox.market.randomness import stable_generator

_EPOCH = dt.date(1970, 1, 1)

# From half a week to two decades: enough of them walk like a price, none repeats within the market's days.
_PERIODS = np.geomspace(3.3, 7300.0, 48)


@dataclass(frozen=True)
class Course:
    """How a price moves over the years.

    Attributes
    ----------
    base
        The price around which it moves.
    volatility
        Standard deviation of a day's log return.
    phases
        Where each wave of the price begins, in radians.
    """

    base: float
    volatility: float
    phases: npt.NDArray[np.float64]


def course_of(underlying: Underlying, seed: int) -> Course:
    """Draw the course of a price."""
    random = stable_generator("course", seed, underlying.symbol)
    return Course(
        base=float(underlying.usual_price * random.lognormal(0, underlying.scatter)),
        volatility=float(random.uniform(0.008, 0.019)),
        phases=random.uniform(0, 2 * np.pi, len(_PERIODS)),
    )


def price_level(course: Course, day: dt.date) -> float:
    """Return the log price at which a day opens, and at which the day before closed."""
    # Slow waves are high, as in a random walk; one day's change of all of them has the right deviation.
    amplitudes = np.sqrt(_PERIODS)
    change = np.sqrt(np.sum(2 * (amplitudes * np.sin(np.pi / _PERIODS)) ** 2))
    angles = 2 * np.pi * (day - _EPOCH).days / _PERIODS + course.phases
    return float(np.log(course.base) + course.volatility / change * np.sum(amplitudes * np.sin(angles)))
