"""A Dask cluster on this machine: the gain from a second worker, the scheduler's costs, and a model of larger ones."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import distributed

import tickframe as tf
import tickframe.dask
from benchmarks.markdown import milliseconds, table, times
from benchmarks.services import Limits, days_of_trades, limited_process, sandbox_process, write_market
from benchmarks.simulation import Model, simulate
from benchmarks.timing import Timing

_DELAY = 0.05
_PARTS, _ROWS, _ROUNDS = 100, 200, 2
_THREADS = 2
_EMPTY_TASKS = 2_000
_LEASES = 200
_FEW_WAIT, _MANY_WAIT = 20, 320
_RATE, _FAILING = 20.0, 0.05
# Runs with random failures are averaged.
_RUNS_MEASURED, _RUNS_MODELLED = 2, 25

_HOUR = 3600.0


@dataclass(frozen=True)
class _Costs:
    """What the scheduler spends, in seconds.

    Attributes
    ----------
    dispatch
        On a part and its clients, without a lease.
    lease, wake
        On a lease, and on each worker that waits for one.
    """

    dispatch: float
    lease: float
    wake: float


@dataclass(frozen=True)
class _Comparison:
    """A run that was measured and modelled, in parts per second."""

    name: str
    model: Model
    measured: float
    modelled: float


def cluster_section() -> str:
    """Measure a cluster with services in processes of their own, then simulate larger clusters."""
    with _cluster() as cluster:
        worker = next(iter(cluster.scheduler_info()["workers"]))
        one, two = _time_workers(cluster, worker)
        costs = _Costs(_time_dispatch(cluster), *_time_leases(cluster, worker))
        comparisons = _compare(cluster, worker, costs)
    return (
        "## A cluster\n\nWorker processes with two threads each and one partition for each part. Each response is "
        "delayed by 50 ms. Scheduler, workers and service share the cores of this machine.\n\n"
        f"{_measured_table(one, two, costs)}\n\n"
        "A discrete-event model (`benchmarks/simulation.py`) includes the scheduler, the leases that limit concurrent "
        "requests, retries, and a rate limit of the service. It is fitted to the run with one worker and compared with "
        "runs that it was not fitted to:\n\n"
        f"{_comparisons_table(comparisons)}\n\n"
        "Its predictions for larger clusters that load such parts, with machines of their own. If more workers wait "
        "than there are leases, the scheduler wakes all of them for each lease: use as many leases as workers, or "
        "fewer workers with more threads.\n\n"
        f"{_predictions_table(replace(comparisons[0].model, wake=costs.wake))}"
    )


def _measured_table(one: Timing, two: Timing, costs: _Costs) -> str:
    return table(
        ("what", "result", "target"),
        [
            ("parts per second, 1 worker", f"{_PARTS / one.median:.1f}", ""),
            ("parts per second, 2 workers", f"{_PARTS / two.median:.1f}", ""),
            ("2 workers, relative to 1", f"{times(one.ratio(two))} as fast", "at least 1.8x"),
            ("scheduler's cost of a part", milliseconds(costs.dispatch), ""),
            ("acquiring and releasing a lease that nobody waits for", milliseconds(costs.lease), ""),
            ("additional cost of a lease for each waiting worker", f"{costs.wake * 1e6:.1f} µs", ""),
        ],
    )


def _comparisons_table(comparisons: list[_Comparison]) -> str:
    return table(
        ("run", "parts per second, measured", "model", "error"),
        [
            (each.name, f"{each.measured:.1f}", f"{each.modelled:.1f}", f"{each.modelled / each.measured - 1:+.1%}")
            for each in comparisons
        ],
    )


def _predictions_table(base: Model) -> str:
    hundred = replace(base, parts=100_000, workers=100)
    thousand = replace(base, workers=1_000)
    models = {
        "100 workers, 8 leases": replace(hundred, leases=8),
        "100 workers, 200 leases": replace(hundred, leases=200),
        "100 workers, 200 leases, 1% fail": replace(hundred, leases=200, failing=0.01),
        "100 workers, 200 leases, 100 requests per second": replace(hundred, leases=200, rate=100.0),
        "1,000 workers, 100 leases": replace(thousand, parts=100_000, leases=100),
        "1,000 workers, 2,000 leases": replace(thousand, parts=1_000_000, leases=2_000),
    }
    rows = []
    for name, model in models.items():
        run = simulate(model)
        rows.append(
            (
                name,
                f"{model.parts:,}",
                f"{model.parts / run.seconds:.1f}",
                f"{run.seconds / model.parts * 1e6 / _HOUR:.1f}",
                f"{run.requests / model.parts:.3f}",
                f"{run.busy:.0%}",
            )
        )
    heading = ("cluster", "parts", "parts per second", "hours for a million", "requests per part", "scheduler busy")
    return table(heading, rows)


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
    """Return the seconds to load some parts, one partition each, on one worker or on all."""
    lazy = tickframe.dask.from_query(days_of_trades(client, parts), "part")
    started = time.perf_counter()
    loading = cluster.persist(lazy, workers=worker, allow_other_workers=False)
    distributed.wait(loading)
    return time.perf_counter() - started


def _time_workers(cluster: distributed.Client, worker: str) -> tuple[Timing, Timing]:
    """Time one worker and two."""
    with tempfile.TemporaryDirectory() as folder:
        write_market(Path(folder), _ROWS, _PARTS)
        with sandbox_process(Path(folder), _DELAY) as account, tf.Client(**account) as client:
            cluster.register_plugin(tickframe.dask.Credentials(client.settings))
            _load(cluster, client, _PARTS)
            rounds = [(_load(cluster, client, _PARTS, worker), _load(cluster, client, _PARTS)) for _ in range(_ROUNDS)]
    one, two = zip(*rounds, strict=True)
    return Timing(one), Timing(two)


def _time_dispatch(cluster: distributed.Client) -> float:
    """Return the seconds for a task that does nothing."""
    cluster.gather(cluster.map(_do_nothing, range(_EMPTY_TASKS), pure=False))
    started = time.perf_counter()
    cluster.gather(cluster.map(_do_nothing, range(_EMPTY_TASKS), pure=False))
    return (time.perf_counter() - started) / _EMPTY_TASKS


def _do_nothing(_number: int) -> None:
    pass


def _time_leases(cluster: distributed.Client, worker: str) -> tuple[float, float]:
    """Return the seconds for a lease without contention, and those that each waiting worker adds."""
    alone = cluster.submit(_take_leases, workers=[worker], pure=False).result()
    few, many = (cluster.sync(_take_together, waiting) / waiting for waiting in (_FEW_WAIT, _MANY_WAIT))
    # On average half of them wait.
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


def _compare(cluster: distributed.Client, worker: str, costs: _Costs) -> list[_Comparison]:
    """Measure one worker, fit the model to it, and compare the model with other runs."""
    request = _time_request()
    unlimited = Limits(_DELAY)
    alone = _measure(cluster, unlimited, 8, worker)
    outside = max(0.0, _THREADS / alone - request - costs.dispatch - costs.lease)
    base = Model(1, _THREADS, 8, _PARTS, request, outside, costs.dispatch, costs.lease)
    two = replace(base, workers=2)
    comparisons = [_Comparison("1 worker (the model is fitted to it)", base, alone, _model(base))]
    for name, limits, model in (
        ("2 workers", unlimited, two),
        ("2 workers, 2 leases", unlimited, replace(two, leases=2)),
        (f"2 workers, {_FAILING:.0%} fail", Limits(_DELAY, failing=_FAILING), replace(two, failing=_FAILING)),
        (f"2 workers, {_RATE:.0f} requests per second", Limits(_DELAY, rate=_RATE), replace(two, rate=_RATE)),
    ):
        comparisons.append(_Comparison(name, model, _measure(cluster, limits, model.leases), _model(model)))
    return comparisons


def _measure(cluster: distributed.Client, limits: Limits, leases: int, worker: str | None = None) -> float:
    """Return the parts per second that a cluster loads from a service."""
    with limited_process(limits) as url, tf.Client(url, token="t", max_workers=leases) as client:  # noqa: S106
        cluster.register_plugin(tickframe.dask.Credentials(client.settings))
        # Open connections, then let the service's token bucket fill again.
        _load(cluster, client, 2 * _THREADS, worker)
        time.sleep(1.0 if limits.rate else 0.0)
        runs = _RUNS_MEASURED if limits.failing else 1
        return runs * _PARTS / sum(_load(cluster, client, _PARTS, worker) for _ in range(runs))


def _model(model: Model) -> float:
    """Return the parts per second of a model."""
    runs = _RUNS_MODELLED if model.failing else 1
    return runs * model.parts / sum(simulate(model, seed).seconds for seed in range(runs))


def _time_request() -> float:
    """Return the median seconds of a request, from sending it to its decoded response."""
    with limited_process(Limits(_DELAY)) as url, tf.Client(url, token="t", max_workers=1) as client:  # noqa: S106
        query = days_of_trades(client, 20)
        query.to_arrow()
        return statistics.median(outcome.seconds for outcome in query.outcomes)
