"""A discrete-event model of a cluster that loads parts: its scheduler, leases, retries, and a service's rate limit.

Each slot, one thread of a worker, takes a part from the scheduler, waits for a lease, sends requests until one
succeeds or no attempts are left, as in :mod:`tickframe.http.retry`, and releases the lease. The scheduler does one
thing at a time.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from dataclasses import dataclass

# The values of tickframe.http.retry.
_FIRST_WAIT, _LONGEST_WAIT, _ATTEMPTS = 0.25, 30.0, 8

_TAKE, _REQUEST, _RELEASE = range(3)


@dataclass(frozen=True)
class Model:
    """A cluster and a service; times in seconds.

    Attributes
    ----------
    workers, threads
        Number of worker processes, and of parts that each of them loads at once.
    leases
        Number of concurrent requests of all workers together.
    parts
        Number of parts to load.
    request
        From sending a request to its decoded response, while a lease is held.
    outside
        Time that a part occupies a slot beyond that.
    dispatch, lease, wake
        Time that the scheduler spends on a task, on acquiring and releasing a lease, and on each worker that waits
        when a lease is released.
    failing
        The share of requests with a transient error.
    rate, retry_after
        Requests that the service accepts each second, from a token bucket of one second, or 0 for no limit; and how
        long all workers wait after HTTP 429.
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
    """The result of a simulation.

    Attributes
    ----------
    seconds
        Time until the last part was loaded.
    requests
        Number of requests sent.
    busy
        The share of time during which the scheduler was busy.
    """

    seconds: float
    requests: int
    busy: float


def simulate(model: Model, seed: int = 1) -> Run:
    """Run the model until all parts are loaded."""
    return _Simulation(model, seed).run()


class _Simulation:
    """The state of a simulation."""

    def __init__(self, model: Model, seed: int) -> None:
        self._model = model
        self._draw = random.Random(seed)  # noqa: S311, no secret
        self._numbers = itertools.count()
        self._events: list[tuple[float, int, int, int, int]] = []
        # One slot of each worker waits at the scheduler, its others behind it.
        self._waiting: deque[int] = deque()
        self._is_waiting = [False] * model.workers
        self._behind: list[deque[int]] = [deque() for _ in range(model.workers)]
        self._left, self._leases = model.parts, model.leases
        self._scheduler_free = self._scheduler_busy = 0.0
        self._tokens, self._filled, self._paused = model.rate, 0.0, 0.0
        self._last = 0.0
        self._requests = 0

    def run(self) -> Run:
        """Process events in order until none is left."""
        for slot in range(self._model.workers * self._model.threads):
            self._push(0.0, slot, _TAKE)
        events = self._events
        while events:
            now, _, slot, step, attempts = heapq.heappop(events)
            if step == _TAKE:
                self._take(now, slot)
            elif step == _REQUEST:
                self._request(now, slot, attempts)
            else:
                self._release(now, slot)
        return Run(self._last, self._requests, self._scheduler_busy / self._last)

    def _push(self, at: float, slot: int, step: int, attempts: int = 0) -> None:
        heapq.heappush(self._events, (at, next(self._numbers), slot, step, attempts))

    def _spend(self, now: float, seconds: float) -> float:
        """Occupy the scheduler as soon as it is free; return when it is done."""
        self._scheduler_busy += seconds
        self._scheduler_free = max(now, self._scheduler_free) + seconds
        return self._scheduler_free

    def _take(self, now: float, slot: int) -> None:
        if self._left:
            self._left -= 1
            self._acquire(self._spend(now, self._model.dispatch), slot)

    def _acquire(self, now: float, slot: int) -> None:
        worker = slot // self._model.threads
        if self._is_waiting[worker]:
            self._behind[worker].append(slot)
        elif self._leases:
            self._leases -= 1
            self._push(self._spend(now, self._model.lease), slot, _REQUEST)
        else:
            self._is_waiting[worker] = True
            self._waiting.append(slot)

    def _request(self, now: float, slot: int, attempts: int) -> None:
        model = self._model
        if now < self._paused:
            self._push(self._paused, slot, _REQUEST, attempts)
            return
        self._requests += 1
        if model.rate and not self._is_within_rate(now):
            self._paused = now + model.retry_after
            self._push(self._paused, slot, _REQUEST, attempts)
            return
        if model.failing and self._draw.random() < model.failing:
            attempts += 1
            if attempts < _ATTEMPTS:
                longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**attempts)
                self._push(now + model.request + self._draw.uniform(0, longest), slot, _REQUEST, attempts)
                return
        self._push(now + model.request, slot, _RELEASE)

    def _is_within_rate(self, now: float) -> bool:
        rate = self._model.rate
        self._tokens = min(rate, self._tokens + (now - self._filled) * rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _release(self, now: float, slot: int) -> None:
        self._last = now
        self._leases += 1
        if self._waiting:
            self._spend(now, self._model.wake * len(self._waiting))
            first = self._waiting.popleft()
            worker = first // self._model.threads
            self._is_waiting[worker] = False
            self._acquire(now, first)
            if self._behind[worker]:
                self._acquire(now, self._behind[worker].popleft())
        self._push(now + self._model.outside, slot, _TAKE)
