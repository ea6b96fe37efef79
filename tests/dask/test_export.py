"""Exports by a cluster: the dataset of one machine, even if a worker is killed."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path

import distributed
import pyarrow.parquet as pq
import pytest

import tickframe as tf
from tests.dask.conftest import FIRST, SYMBOLS
from tests.dask.test_service import DAYS, TOKEN, day_of, query_days, registered, serve, ticks
from tests.export.test_writer import files_in
from tests.faults.fixtures import wait_until
from tests.faults.server import FaultServer, Received, Response, refusal
from tests.object_store import ObjectStore

pytestmark = pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")


@pytest.mark.usefixtures("cluster")
def test_a_cluster_writes_the_dataset_of_one_machine(client: tf.Client, s3: ObjectStore, tmp_path: Path) -> None:
    query = client.tick_data("LOCAL", SYMBOLS, (FIRST, "2024-01-21"), data_type="TRADES")
    paths = query.to_parquet(tmp_path / "one")
    outcomes = query.outcomes.to_pandas()
    assert query.to_parquet(tmp_path / "cluster", engine="dask") == [
        tmp_path / "cluster" / path.relative_to(tmp_path / "one") for path in paths
    ]
    columns = ["part", "rows", "bytes", "origin", "warning", "error"]
    assert query.outcomes.to_pandas()[columns].equals(outcomes[columns])
    expected = files_in(tmp_path / "one")
    assert files_in(tmp_path / "cluster") == expected
    uri = s3.uri("cluster")
    assert len(query.to_parquet(uri, engine="dask")) == len(paths)
    assert s3.files(uri) == expected
    assert len(query.to_parquet(uri, engine="dask")) == len(paths)
    assert {outcome.origin for outcome in query.outcomes} == {"dataset"}
    with pytest.raises(FileExistsError, match="42 of 42 parts"):
        query.to_parquet(uri, engine="dask", existing="error")
    assert len(query.to_parquet(uri, engine="dask", existing="overwrite")) == len(paths)
    assert {outcome.origin for outcome in query.outcomes} == {"service"}
    assert s3.files(uri) == expected


def test_only_the_parts_of_a_killed_worker_are_requested_again(
    cluster: distributed.Client, server: FaultServer, tmp_path: Path
) -> None:
    """It is killed while it waits for a response; parts that are written are not requested again."""
    dead = threading.Event()
    held = []

    def respond(request: Received) -> Response:
        if day_of(request) == DAYS[-1] and not held:
            held.append(request)
            assert dead.wait(20)
        return ticks(day_of(request))

    server.serve(respond)
    with tf.Client(server.url, token=TOKEN, max_workers=4) as client, registered(cluster, client):
        query = query_days(client)
        exporting = threading.Thread(target=lambda: query.to_parquet(tmp_path / "x", engine="dask"))
        exporting.start()
        wait_until(lambda: len(list(tmp_path.glob("x/_tickframe/parts/*.json"))) == len(DAYS) - 1)
        # A worker reports a task a little after its last record.
        wait_until(lambda: sum(map(bool, cluster.processing().values())) == 1)
        [waiting] = [at for at, tasks in cluster.processing().items() if tasks]
        os.kill(cluster.run(os.getpid)[waiting], signal.SIGKILL)
        dead.set()
        exporting.join()
        assert [day_of(request) for request in server.received].count(DAYS[-1]) == 2
        assert len(server.received) == len(DAYS) + 1
        assert [outcome.origin for outcome in query.outcomes[-4:]] == ["dataset"] * 3 + ["service"]
        query_days(client).to_parquet(tmp_path / "one")
    assert files_in(tmp_path / "x") == files_in(tmp_path / "one")


def test_a_permanent_failure_leaves_complete_files_and_no_manifest(
    cluster: distributed.Client, server: FaultServer, tmp_path: Path
) -> None:
    serve(server, d8=lambda: refusal(403, "not yours"))
    with tf.Client(server.url, token=TOKEN, max_workers=3) as client, registered(cluster, client):
        with pytest.raises(tf.errors.PermissionDeniedError, match="not yours") as raised:
            query_days(client).to_parquet(tmp_path, engine="dask")
        assert "day=2024-01-08" in raised.value.part
        assert all(pq.read_metadata(path).num_rows == 1 for path in tmp_path.rglob("*.parquet"))
        assert not list(tmp_path.rglob("manifest.json"))
        collecting = query_days(client)
        assert len(collecting.to_parquet(tmp_path, engine="dask", on_error="collect")) == len(DAYS) - 1
        assert [str(outcome.part) for outcome in collecting.outcomes.failed] == [raised.value.part]
        serve(server)
        sent = len(server.received)
        assert len(query_days(client).to_parquet(tmp_path, engine="dask")) == len(DAYS)
        assert len(server.received) == sent + 1
    assert json.loads((tmp_path / "_tickframe" / "manifest.json").read_text())["rows"] == len(DAYS)


def test_without_a_cluster_dask_writes_in_threads(client: tf.Client, tmp_path: Path) -> None:
    """The environment has no account."""
    query = client.tick_data("LOCAL", SYMBOLS, (FIRST, "2024-01-03"), data_type="TRADES")
    dask = pytest.importorskip("dask")
    with dask.config.set(scheduler="threads"):
        query.to_parquet(tmp_path / "threads", engine="dask")
    query.to_parquet(tmp_path / "one")
    assert files_in(tmp_path / "threads") == files_in(tmp_path / "one")
