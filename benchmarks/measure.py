"""Times, measured in turns."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Timing", "in_turns"]

# A way that is done sooner is repeated until a clock can tell.
_SHORTEST = 0.01


@dataclass(frozen=True)
class Timing:
    """The seconds that a way took, round by round."""

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
        """Return the median of this time as a multiple of another's, round by round.

        What slows a whole round down leaves it alone, which the ratio of two medians does not promise.
        """
        return statistics.median(mine / other for mine, other in zip(self.seconds, to.seconds, strict=True))


def in_turns(
    ways: Mapping[str, Callable[[], object]], rounds: int, after: Callable[[], object] = lambda: None
) -> dict[str, Timing]:
    """Time ways round by round, A B C A B C, so that a noisy moment hits them alike.

    Parameters
    ----------
    ways
        What to time. A way's product is freed outside the time, except where the way is so short that it is
        repeated.
    rounds
        How many rounds to count, after one to warm up.
    after
        Is called after each way, outside the time: it waits for what the way left to be done later.
    """
    repeats = {}
    for name, way in ways.items():
        repeats[name] = _repeats(way)
        after()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            seconds[name].append(_time(way, repeats[name]))
            after()
    return {name: Timing(tuple(each)) for name, each in seconds.items()}


def _repeats(way: Callable[[], object]) -> int:
    """Warm a way up, and say how often to repeat it."""
    first = _time(way, 1)
    # The first time of a short way says little: what is built once is built in it.
    return 1 if first > 10 * _SHORTEST else math.ceil(_SHORTEST / _time(way, 3))


def _time(way: Callable[[], object], repeats: int) -> float:
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        for _ in range(repeats):
            product = way()
        elapsed = time.perf_counter() - started
    finally:
        gc.enable()
    del product
    return elapsed / repeats
