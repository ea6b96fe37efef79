"""Interleaved timing of alternatives."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Shorter calls are repeated: the clock is too coarse for one.
_SHORTEST = 0.01


@dataclass(frozen=True)
class Timing:
    """The seconds that a call took in each round."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.seconds)

    @property
    def fastest(self) -> float:
        """The fastest round."""
        return min(self.seconds)

    def ratio(self, to: Timing) -> float:
        """Return the median of the ratios to another timing within each round.

        A slow moment that lasts a whole round does not change it, unlike the ratio of the medians.
        """
        return statistics.median(mine / other for mine, other in zip(self.seconds, to.seconds, strict=True))


def interleaved(
    calls: Mapping[str, Callable[[], object]], rounds: int, after: Callable[[], object] = lambda: None
) -> dict[str, Timing]:
    """Time calls round by round, A B C A B C, so that a slow moment affects all of them.

    Parameters
    ----------
    calls
        What to time. Results are freed outside the measured time, except for calls so short that they are repeated.
    rounds
        Number of rounds to count, after one to warm up.
    after
        Called after each call, outside the measured time, to wait for work that it left in the background.
    """
    repeats = {}
    for name, call in calls.items():
        repeats[name] = _repeats(call)
        after()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            seconds[name].append(_time(call, repeats[name]))
            after()
    return {name: Timing(tuple(each)) for name, each in seconds.items()}


def _repeats(call: Callable[[], object]) -> int:
    """Warm a call up and return how often to repeat it."""
    first = _time(call, 1)
    # The first run of a short call includes what is built once.
    return 1 if first > 10 * _SHORTEST else math.ceil(_SHORTEST / _time(call, 3))


def _time(call: Callable[[], object], repeats: int) -> float:
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        for _ in range(repeats):
            result = call()
        elapsed = time.perf_counter() - started
    finally:
        gc.enable()
    del result
    return elapsed / repeats
