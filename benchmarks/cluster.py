"""A cluster on this machine: how a second worker helps, what the scheduler costs, and a model of large clusters."""

from __future__ import annotations

import asyncio
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import distributed

import tickframe as tf
import tickframe.dask
from benchmarks.market import DAY, SYMBOL, write_market
from benchmarks.measure import Timing
from benchmarks.rationed_service import Ration, rationed
from benchmarks.service_process import served
from benchmarks.simulation import Model, Run, simulate

__all__ = ["Clustered", "Point", "measure_cluster"]

_DELAY = 0.05
_PARTS, _ROWS, _ROUNDS = 100, 200, 2
_THREADS = 2
_EMPTY_TASKS = 2_000
_LEASES = 200
_FEW_WAIT, _MANY_WAIT = 20, 320
_RATE, _FAILING = 20.0, 0.05
# Where chance has a say, the mean of so many.
_DRAWS_MEASURED, _DRAWS_MODELLED = 2, 25


@dataclass(frozen=True)
class Point:
    """A run that was measured and modelled."""

    what: str
    model: Model
    measured: float
    modelled: float

    @property
    def error(self) -> float:
        """How far the model is off, as a share of what was measured."""
        return self.modelled / self.measured - 1


@dataclass
class Clustered:
    """What was measured; times in seconds.

    Attributes
    ----------
    one, two
        For all parts, by one worker and by two.
    parts
        How many these are.
    dispatch
        What a part costs the scheduler and its clients, without a lease.
    lease, wake
        What a lease costs, and what each worker that waits adds to it.
    points
        Runs beside their models.
    large
        Models of large clusters, and what became of them.
    """

    one: Timing
    two: Timing
    parts: int
    dispatch: float
    lease: float
    wake: float
    points: list[Point] = field(default_factory=list)
    large: list[tuple[str, Model, Run]] = field(default_factory=list)


def measure_cluster() -> Clustered:
    """Measure against services in processes of their own, then simulate."""
    with _cluster() as cluster:
        worker = next(iter(cluster.scheduler_info()["workers"]))
        one, two = _time_workers(cluster, worker)
        dispatch = _time_dispatch(cluster)
        lease, wake = _time_leases(cluster, worker)
        clustered = Clustered(one, two, _PARTS, dispatch, lease, wake)
        clustered.points = _points(cluster, worker, dispatch, lease)
    base = replace(clustered.points[0].model, wake=wake)
    for what, model in _large(base).items():
        clustered.large.append((what, model, simulate(model)))
    return clustered


@contextmanager
def _cluster() -> Iterator[distributed.Client]:
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=_THREADS,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
        ) as local,
        distributed.Client(local) as cluster,
    ):
        yield cluster


def _load(cluster: distributed.Client, client: tf.Client, parts: int, worker: str | None = None) -> float:
    """Return the seconds for some parts, a partition each, by one worker or by all."""
    query = client.tick_data("LOCAL", SYMBOL, (DAY, DAY + dt.timedelta(days=parts - 1)), data_type="TRADES")
    lazy = tickframe.dask.from_query(query, "part")
    started = time.perf_counter()
    loading = cluster.persist(lazy, workers=worker, allow_other_workers=False)
    distributed.wait(loading)
    return time.perf_counter() - started


def _time_workers(cluster: distributed.Client, worker: str) -> tuple[Timing, Timing]:
    with tempfile.TemporaryDirectory() as folder:
        write_market(Path(folder), _ROWS, _PARTS)
        with served(_DELAY, folder) as account, account.client() as client:
            cluster.register_plugin(tickframe.dask.Credentials(client.settings))
            _load(cluster, client, _PARTS)
            rounds = [(_load(cluster, client, _PARTS, worker), _load(cluster, client, _PARTS)) for _ in range(_ROUNDS)]
    one, two = zip(*rounds, strict=True)
    return Timing(one), Timing(two)


def _time_dispatch(cluster: distributed.Client) -> float:
    cluster.gather(cluster.map(_nothing, range(_EMPTY_TASKS), pure=False))
    started = time.perf_counter()
    cluster.gather(cluster.map(_nothing, range(_EMPTY_TASKS), pure=False))
    return (time.perf_counter() - started) / _EMPTY_TASKS


def _nothing(_number: int) -> None:
    """Be a part that costs nothing."""


def _time_leases(cluster: distributed.Client, worker: str) -> tuple[float, float]:
    """Return what a lease takes that nobody else wants, and what each one who waits adds."""
    alone = cluster.submit(_take_leases, workers=[worker], pure=False).result()
    few, many = (cluster.sync(_take_together, waiting) / waiting for waiting in (_FEW_WAIT, _MANY_WAIT))
    # Half of them wait on the average.
    return alone, max(0.0, (many - few) / ((_MANY_WAIT - _FEW_WAIT) / 2))


def _take_leases() -> float:
    leases = distributed.Semaphore(1, "benchmark-alone")
    started = time.perf_counter()
    for _ in range(_LEASES):
        with leases:
            pass
    return (time.perf_counter() - started) / _LEASES


async def _take_together(waiting: int) -> float:
    leases = await distributed.Semaphore(1, f"benchmark-{waiting}")

    async def take() -> None:
        async with leases:
            pass

    started = time.perf_counter()
    await asyncio.gather(*(take() for _ in range(waiting)))
    return time.perf_counter() - started


def _points(cluster: distributed.Client, worker: str, dispatch: float, lease: float) -> list[Point]:
    """Measure a worker, make the model of it, and hold the model against what else is measured."""
    request = _time_request()
    free = Ration(_DELAY)
    alone = _rate(cluster, free, 8, worker)
    outside = max(0.0, _THREADS / alone - request - dispatch - lease)
    base = Model(1, _THREADS, 8, _PARTS, request, outside, dispatch, lease)
    points = [Point("1 worker (the model is made of it)", base, alone, _modelled(base))]
    limited = Ration(_DELAY, rate=_RATE)
    failing = Ration(_DELAY, failing=_FAILING)
    for what, ration, model in (
        ("2 workers", free, replace(base, workers=2)),
        ("2 workers, 2 leases", free, replace(base, workers=2, leases=2)),
        (f"2 workers, {_FAILING:.0%} fail", failing, replace(base, workers=2, failing=_FAILING)),
        (f"2 workers, {_RATE:.0f} requests a second", limited, replace(base, workers=2, rate=_RATE)),
    ):
        points.append(Point(what, model, _rate(cluster, ration, model.leases), _modelled(model)))
    return points


def _rate(cluster: distributed.Client, ration: Ration, leases: int, worker: str | None = None) -> float:
    """Return the parts per second that a service and its workers come to."""
    with rationed(ration) as url, tf.Client(url, token="t", max_workers=leases) as client:  # noqa: S106
        cluster.register_plugin(tickframe.dask.Credentials(client.settings))
        # Connections are made, and the bucket is full again.
        _load(cluster, client, 2 * _THREADS, worker)
        time.sleep(1.0 if ration.rate else 0.0)
        rounds = _DRAWS_MEASURED if ration.failing else 1
        return rounds * _PARTS / sum(_load(cluster, client, _PARTS, worker) for _ in range(rounds))


def _modelled(model: Model) -> float:
    """Return the parts per second of a model."""
    rounds = _DRAWS_MODELLED if model.failing else 1
    return rounds * model.parts / sum(simulate(model, seed).seconds for seed in range(rounds))


def _time_request() -> float:
    """Return the seconds from a request to its decoded answer, one after another."""
    with rationed(Ration(_DELAY)) as url, tf.Client(url, token="t", max_workers=1) as client:  # noqa: S106
        query = client.tick_data("LOCAL", SYMBOL, (DAY, DAY + dt.timedelta(days=19)), data_type="TRADES")
        query.to_arrow()
        return statistics.median(outcome.seconds for outcome in query.outcomes)


def _large(base: Model) -> dict[str, Model]:
    some = replace(base, parts=100_000)
    return {
        "100 workers, 8 leases": replace(some, workers=100, leases=8),
        "100 workers, 200 leases": replace(some, workers=100, leases=200),
        "100 workers, 200 leases, 1% fail": replace(some, workers=100, leases=200, failing=0.01),
        "100 workers, 200 leases, 100 requests a second": replace(some, workers=100, leases=200, rate=100.0),
        "1,000 workers, 100 leases": replace(some, workers=1_000, leases=100),
        "1,000 workers, 2,000 leases": replace(base, parts=1_000_000, workers=1_000, leases=2_000),
    }
