"""A cluster that loads parts, as a model: its scheduler, the leases, retries, and a service that limits requests.

Discrete events: each slot, a thread of a worker, takes a part from the scheduler, waits for a lease, asks until it is
answered as :mod:`tickframe.http.retry` does, and gives the lease back. The scheduler does one thing after another.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from dataclasses import dataclass

__all__ = ["Model", "Run", "simulate"]

# Of tickframe.http.retry.
_FIRST_WAIT, _LONGEST_WAIT, _ATTEMPTS = 0.25, 30.0, 8

_TAKE, _ASK, _ANSWERED = range(3)


@dataclass(frozen=True)
class Model:
    """A cluster and a service; times in seconds.

    Attributes
    ----------
    workers, threads
        Worker processes, and the parts that each of them loads at once.
    leases
        Requests that all of them may have under way.
    parts
        How many there are.
    request
        From a request to its decoded answer, while a lease is held.
    outside
        What a part takes of a slot beside that.
    dispatch, lease, wake
        What the scheduler spends on a task, on a lease given and taken back, and on each worker that waits for one
        whenever one comes back.
    failing
        The share of requests that fail in passing.
    rate, retry_after
        Requests that the service takes each second, 0 for any number, in a bucket of one second; and how long it
        asks all to wait where that is empty.
    """

    workers: int
    threads: int
    leases: int
    parts: int
    request: float
    outside: float
    dispatch: float
    lease: float
    wake: float = 0.0
    failing: float = 0.0
    rate: float = 0.0
    retry_after: float = 1.0


@dataclass(frozen=True)
class Run:
    """What became of it.

    Attributes
    ----------
    seconds
        Until the last part was there.
    requests
        How many were sent.
    refused
        How many of them were answered 429.
    failed
        Parts that were given up.
    busy
        The share of the time that the scheduler was busy.
    """

    seconds: float
    requests: int
    refused: int
    failed: int
    busy: float


def simulate(model: Model, seed: int = 1) -> Run:
    """Run the model to its end."""
    return _Simulation(model, seed).run()


class _Simulation:
    """A run under way."""

    def __init__(self, model: Model, seed: int) -> None:
        self._model = model
        self._draw = random.Random(seed)  # noqa: S311, no secret
        self._numbers = itertools.count()
        self._events: list[tuple[float, int, int, int, int]] = []
        # Of each worker one slot waits at the scheduler, the others behind it.
        self._waiting: deque[int] = deque()
        self._is_waiting = [False] * model.workers
        self._behind: list[deque[int]] = [deque() for _ in range(model.workers)]
        self._left, self._leases = model.parts, model.leases
        self._scheduler_free = self._scheduler_busy = 0.0
        self._tokens, self._filled, self._paused = model.rate, 0.0, 0.0
        self._last = 0.0
        self._requests = self._refused = self._failed = 0

    def run(self) -> Run:
        """Let happen what happens next, until nothing does."""
        for slot in range(self._model.workers * self._model.threads):
            self._push(0.0, slot, _TAKE)
        events = self._events
        while events:
            now, _, slot, step, attempts = heapq.heappop(events)
            if step == _TAKE:
                self._take(now, slot)
            elif step == _ASK:
                self._ask(now, slot, attempts)
            else:
                self._give_back(now, slot)
        busy = self._scheduler_busy / self._last
        return Run(self._last, self._requests, self._refused, self._failed, busy)

    def _push(self, at: float, slot: int, step: int, attempts: int = 0) -> None:
        heapq.heappush(self._events, (at, next(self._numbers), slot, step, attempts))

    def _spend(self, now: float, seconds: float) -> float:
        """Let the scheduler do something as soon as it can; return when it is done."""
        self._scheduler_busy += seconds
        self._scheduler_free = max(now, self._scheduler_free) + seconds
        return self._scheduler_free

    def _take(self, now: float, slot: int) -> None:
        if self._left:
            self._left -= 1
            self._want_lease(self._spend(now, self._model.dispatch), slot)

    def _want_lease(self, now: float, slot: int) -> None:
        worker = slot // self._model.threads
        if self._is_waiting[worker]:
            self._behind[worker].append(slot)
        elif self._leases:
            self._leases -= 1
            self._push(self._spend(now, self._model.lease), slot, _ASK)
        else:
            self._is_waiting[worker] = True
            self._waiting.append(slot)

    def _ask(self, now: float, slot: int, attempts: int) -> None:
        model = self._model
        if now < self._paused:
            self._push(self._paused, slot, _ASK, attempts)
            return
        self._requests += 1
        if model.rate and not self._is_within_rate(now):
            self._refused += 1
            self._paused = now + model.retry_after
            self._push(self._paused, slot, _ASK, attempts)
            return
        if model.failing and self._draw.random() < model.failing:
            attempts += 1
            if attempts < _ATTEMPTS:
                longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**attempts)
                self._push(now + model.request + self._draw.uniform(0, longest), slot, _ASK, attempts)
                return
            self._failed += 1
        self._push(now + model.request, slot, _ANSWERED)

    def _is_within_rate(self, now: float) -> bool:
        rate = self._model.rate
        self._tokens = min(rate, self._tokens + (now - self._filled) * rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _give_back(self, now: float, slot: int) -> None:
        self._last = now
        self._leases += 1
        if self._waiting:
            self._spend(now, self._model.wake * len(self._waiting))
            first = self._waiting.popleft()
            worker = first // self._model.threads
            self._is_waiting[worker] = False
            self._want_lease(now, first)
            if self._behind[worker]:
                self._want_lease(now, self._behind[worker].popleft())
        self._push(now + self._model.outside, slot, _TAKE)
