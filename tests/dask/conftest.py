"""Fixtures: a cluster of two worker processes, a market of 200 parts, and a server for faults."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tickframe as tf
from tests.faults.server import FaultServer
from tests.object_store import ObjectStore
from tickframe.sandbox import Sandbox

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

SYMBOLS = ["A.X", "B.X"]
FIRST, LAST = dt.date(2024, 1, 1), dt.date(2024, 4, 9)
ROWS = 40


def write_market(folder: Path) -> None:
    """Write trades of two symbols on the weekdays of 100 days, with nulls, ties and odd nanoseconds."""
    days = [FIRST + dt.timedelta(number) for number in range((LAST - FIRST).days + 1)]
    days = [day for day in days if day.weekday() < 5]
    random = np.random.default_rng(1)
    count = len(days) * len(SYMBOLS) * ROWS
    times = np.sort(random.integers(9 * 3600, 17 * 3600, (len(days) * len(SYMBOLS), ROWS)), axis=1) * 10**9 + 7
    sizes = random.integers(1, 2**62, count)
    trades = pa.table(
        {
            "symbol": np.tile(np.repeat(SYMBOLS, ROWS), len(days)),
            "date": pa.array(np.repeat(np.array(days, "datetime64[D]"), ROWS * len(SYMBOLS))),
            "time": pa.array(times.ravel(), pa.time64("ns")),
            "trade": pa.array(random.integers(1, 10**6, count) / 64, mask=random.random(count) < 0.1),
            "trade_size": pa.array(sizes, mask=random.random(count) < 0.1),
            "trade_condition": random.choice(["XT", "OB", "AU"], count),
        }
    )
    (folder / "trades").mkdir()
    pq.write_table(trades, folder / "trades" / "all.parquet")


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("market")
    write_market(folder)
    with Sandbox(folder) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def cluster(market: Sandbox, s3: ObjectStore) -> Iterator[distributed.Client]:
    """Return a client of two worker processes that have the market's account in their environment."""
    environment = {
        **s3.environment,
        "TICKFRAME_USER": market.user,
        "TICKFRAME_PASSWORD": market.password,
        "TICKFRAME_CLIENT_SECRET": market.client_secret,
    }
    leases = {
        "distributed.scheduler.locks.lease-timeout": "2s",
        "distributed.scheduler.locks.lease-validation-interval": "200ms",
    }
    with (
        dask.config.set(leases),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=2,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            env=environment,
        ) as local,
        distributed.Client(local) as client,
    ):
        yield client


@pytest.fixture
def client(market: Sandbox) -> Iterator[tf.Client]:
    with tf.Client(**market.account) as connected:
        yield connected


@pytest.fixture
def trades(client: tf.Client) -> tf.Query:
    """Return a query of 200 parts."""
    return client.tick_data("LOCAL", SYMBOLS, (FIRST, LAST), data_type="TRADES")


@pytest.fixture
def week(client: tf.Client) -> tf.Query:
    return client.tick_data("LOCAL", SYMBOLS, ("2024-01-01", "2024-01-07"), data_type="TRADES")


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running
