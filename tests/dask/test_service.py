"""Requests of a cluster: credentials, concurrency, and rate limits."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import pickle
import threading
from collections.abc import Callable, Iterator

import cloudpickle
import dask
import distributed
import pytest

import tickframe as tf
import tickframe.dask
from tests.faults.fixtures import wait_until
from tests.faults.server import FaultServer, Received, Response, answer, refusal
from tests.object_store import ObjectStore
from tickframe.dask import worker
from tickframe.errors import DecodeError, PermissionDeniedError, RateLimitError, SettingsError
from tickframe.sandbox import Sandbox
from tickframe.wire.contract import DataRequest, DataResponse
from tickframe.wire.frames import read_frames, write_frame
from tickframe.wire.lists import EPOCH

TOKEN = "s3cr3t-t0k3n"
DAYS = [dt.date(2024, 1, 1) + dt.timedelta(number) for number in range(20)]


def day_of(request: Received) -> dt.date:
    day = DataRequest.FromString(bytes(next(read_frames(request.body)))).parameters["day"]
    return EPOCH + dt.timedelta(day.days_value)


def ticks(day: dt.date, time: int = 9 * 3600 * 10**9) -> Response:
    """Respond with one trade of a day, whose size is the day of the month."""
    response = DataResponse()
    columns = response.data.columns
    columns["symbol"].string_list.values.append("A")
    columns["date"].days_list.values.append((day - EPOCH).days)
    columns["time"].nanoseconds_list.values.append(time)
    columns["trade"].double_list.values.append(1.5)
    columns["trade_size"].integer_list.values.append(day.day)
    columns["trade_condition"].string_list.values.append("XT")
    return answer(write_frame(response.SerializeToString()))


def serve(server: FaultServer, **unusual: Callable[[], Response]) -> None:
    """Respond to each day with its trade, except for the given responses: ``d8=...`` for the eighth."""
    server.serve(lambda request: unusual.get(f"d{day_of(request).day}", lambda: ticks(day_of(request)))())


def query_days(client: tf.Client, days: int = len(DAYS)) -> tf.Query:
    return client.tick_data("ACTIV", "A", (DAYS[0], DAYS[days - 1]), data_type="TRADES")


@contextlib.contextmanager
def registered(cluster: distributed.Client, client: tf.Client) -> Iterator[None]:
    """Register the credentials of a client on all workers for a while."""
    plugin = tickframe.dask.Credentials(client.settings)
    cluster.register_plugin(plugin)
    yield
    cluster.unregister_worker_plugin(plugin.name)


@pytest.fixture
def registered_client(server: FaultServer, cluster: distributed.Client) -> Iterator[tf.Client]:
    """Return a client of the server whose credentials are registered on all workers."""
    with tf.Client(server.url, token=TOKEN, max_workers=3, retry_seconds=5) as client, registered(cluster, client):
        yield client


@pytest.mark.usefixtures("cluster")
def test_the_plugin_gives_workers_the_credentials(server: FaultServer, registered_client: tf.Client) -> None:
    serve(server)
    assert query_days(registered_client).to_dask()["trade_size"].sum().compute() == sum(day.day for day in DAYS)
    assert {request.token for request in server.received} == {TOKEN}
    assert TOKEN not in repr(tickframe.dask.Credentials(registered_client.settings))


def test_a_worker_without_an_account_names_the_plugin(cluster: distributed.Client, server: FaultServer) -> None:
    with (
        tf.Client(server.url, user="someone") as client,
        registered(cluster, client),
        pytest.raises(SettingsError, match=r"tickframe\.dask\.Credentials.*day=2024-01-01"),
    ):
        query_days(client, 1).to_dask().compute()


def spellings(secret: str) -> list[bytes]:
    """Return a secret as it may occur in bytes: plain, and at any offset in base64."""
    raw = secret.encode()
    shifted = [base64.b64encode(b"x" * shift + raw)[4 if shift else 0 : -4] for shift in range(3)]
    return [raw, *shifted]


def test_no_secret_is_in_a_graph_or_a_task(cluster: distributed.Client, server: FaultServer, s3: ObjectStore) -> None:
    """The test searches the pickled graph, and the scheduler's tasks while requests are in progress."""
    held, requested = threading.Event(), threading.Event()
    secrets = {"password": "pa55word-of-mine", "client_secret": "cl1ent-secret-of-mine"}
    scheduler = cluster.cluster.scheduler

    def hold(request: Received) -> Response:
        requested.set()
        held.wait(20)
        return ticks(day_of(request))

    def search() -> None:
        tasks = [pickle.dumps(task.run_spec) for task in scheduler.tasks.values()]
        assert len(tasks) > 1
        for task in tasks:
            assert not any(spelling in task for secret in hidden for spelling in spellings(secret))

    server.serve(hold)
    with tf.Client(server.url, user="someone", **secrets, cache=s3.uri("cache")) as client:
        hidden = [*secrets.values(), *s3.environment.values()]
        hidden.remove("true")
        lazy = query_days(client).to_dask()
        for pickled in (
            lazy,
            lazy.optimize(),
            lazy.__dask_graph__(),
            worker.WorkerSource.of(client._source, "auto", 8),
        ):
            dumped = cloudpickle.dumps(pickled)
            assert server.url.encode() in dumped
            assert not any(spelling in dumped for secret in hidden for spelling in spellings(secret))
        with registered(cluster, client):
            loading = lazy.persist()
            assert requested.wait(20)
            search()
            uri = s3.uri("export")
            exporting = threading.Thread(target=lambda: query_days(client).to_parquet(uri, engine="dask", cache="off"))
            exporting.start()
            wait_until(lambda: any("_Write" in str(key) for key in scheduler.tasks))
            search()
            held.set()
            exporting.join()
            assert len(loading) == len(DAYS)


def test_a_location_with_a_secret_is_not_sent_to_workers(client: tf.Client, server: FaultServer) -> None:
    uri = "s3://access-key:pa55word@bucket/x?region=eu-central-1"
    with pytest.raises(ValueError, match="holds a secret") as raised:
        client.tick_data("LOCAL", "A.X", "2024-01-02", data_type="TRADES").to_parquet(uri, engine="dask")
    assert "pa55word" not in str(raised.value)
    with tf.Client(server.url, token=TOKEN, cache=uri) as other, pytest.raises(ValueError, match="holds a secret"):
        query_days(other).to_dask()


class Gauge:
    """Responds once the expected number of requests is in progress, and records the largest number."""

    def __init__(self, expected: int) -> None:
        self.most = 0
        self._expected = expected
        self._in_progress = 0
        self._lock = threading.Lock()
        self._full = threading.Event()

    def __call__(self, request: Received) -> Response:
        with self._lock:
            self._in_progress += 1
            self.most = max(self.most, self._in_progress)
            if self._in_progress == self._expected:
                self._full.set()
        assert self._full.wait(20)
        with self._lock:
            self._in_progress -= 1
        return ticks(day_of(request))


@pytest.mark.usefixtures("cluster")
def test_max_workers_limits_all_workers_together(server: FaultServer, registered_client: tf.Client) -> None:
    gauge = Gauge(expected=3)
    server.serve(gauge)
    assert len(tickframe.dask.from_query(query_days(registered_client), "part")) == len(DAYS)
    assert gauge.most == 3


def test_max_workers_limits_the_threads_of_one_machine(server: FaultServer) -> None:
    gauge = Gauge(expected=2)
    server.serve(gauge)
    with tf.Client(server.url, token=TOKEN, max_workers=2) as client:
        assert len(query_days(client).to_dask().compute(scheduler="threads", num_workers=4)) == len(DAYS)
    assert gauge.most == 2


def test_a_rate_limit_pauses_all_workers(cluster: distributed.Client, server: FaultServer) -> None:
    """The second worker learns of it from the first, and sends nothing."""
    serve(server)
    first, second = cluster.scheduler_info()["workers"]
    with tf.Client(server.url, token=TOKEN, retry_seconds=1) as client, registered(cluster, client):

        def load(at: str, day: int) -> int:
            lazy = tickframe.dask.from_query(query_days(client), "part").get_partition(day)
            return len(cluster.compute(lazy, workers=[at], allow_other_workers=False).result())

        assert [load(at, day) for day, at in enumerate((first, second))] == [1, 1]
        server.script(refusal(429, Retry_After="600"))
        with pytest.raises(RateLimitError, match="HTTP 429"):
            load(first, 2)
        sent = len(server.received)
        wait_until(lambda: cluster.run(has_paused, server.url, workers=[second])[second])
        with pytest.raises(RateLimitError, match="no request in the next"):
            load(second, 3)
        assert len(server.received) == sent


def has_paused(url: str) -> bool:
    """Return whether the worker that runs this has paused its requests."""
    return any(
        each.source._service._pause._until > 0
        for each in worker._SOURCES.values()
        if each.source._service.settings.base_url == url
    )


@pytest.mark.usefixtures("cluster")
def test_a_permanent_failure_names_its_part(server: FaultServer, registered_client: tf.Client) -> None:
    serve(server, d8=lambda: refusal(403, "not yours"))
    with pytest.raises(PermissionDeniedError, match="not yours") as raised:
        query_days(registered_client).to_dask().compute()
    assert "day=2024-01-08" in raised.value.part


@pytest.mark.usefixtures("cluster")
def test_a_filter_by_time_loads_only_its_days(server: FaultServer, registered_client: tf.Client) -> None:
    serve(server)
    lazy = query_days(registered_client).to_dask()
    assert lazy.loc["2024-01-03":"2024-01-04"]["trade_size"].compute().tolist() == [3, 4]
    assert lazy.loc["2024-01-09 08:00":"2024-01-09 10:00"]["trade_size"].compute().tolist() == [9]
    assert sorted({day_of(request).day for request in server.received}) == [3, 4, 9]


def test_a_row_of_another_day_is_an_error_in_a_partition_of_days(
    server: FaultServer,
) -> None:
    """If a session passes midnight, the divisions would be wrong."""
    serve(server, d8=lambda: ticks(DAYS[7], time=24 * 3600 * 10**9))
    with tf.Client(server.url, token=TOKEN) as client, dask.config.set(scheduler="synchronous"):
        with pytest.raises(DecodeError, match="partition='part'") as raised:
            query_days(client).to_dask().compute()
        assert "day=2024-01-08" in raised.value.part
        assert len(tickframe.dask.from_query(query_days(client), "part").compute()) == len(DAYS)


def test_a_response_with_undocumented_types_is_an_error(server: FaultServer) -> None:
    response = DataResponse()
    response.data.columns["trade"].integer_list.values.append(1)
    server.script(answer(write_frame(response.SerializeToString())))
    with (
        tf.Client(server.url, token=TOKEN) as client,
        dask.config.set(scheduler="synchronous"),
        pytest.raises(DecodeError, match="'trade' is int64 in the response and double"),
    ):
        query_days(client, 1).to_dask().compute()


@pytest.mark.usefixtures("registered_client")
def test_workers_share_a_cache(cluster: distributed.Client, server: FaultServer, s3: ObjectStore) -> None:
    serve(server)
    uri = s3.uri("shared")
    with tf.Client(server.url, token=TOKEN, cache=uri, max_workers=3) as client:
        total = sum(day.day for day in DAYS)
        for at in cluster.scheduler_info()["workers"]:
            sizes = query_days(client).to_dask()["trade_size"].sum()
            assert cluster.compute(sizes, workers=[at], allow_other_workers=False).result() == total
        query = query_days(client)
        assert query.to_pandas(cache="only")["trade_size"].sum() == total
    assert len(server.received) == len(DAYS)
    assert sum(name.endswith(".parquet") for name in s3.files(uri)) == len(DAYS)


@pytest.mark.usefixtures("cluster")
def test_workers_use_the_account_in_their_environment(market: Sandbox) -> None:
    """The client that made the query has another one, which is invalid."""
    with tf.Client(market.url, user="someone", password="wrong-one", client_secret="wrong-too") as other:
        query = other.tick_data("LOCAL", "A.X", "2024-01-02", data_type="TRADES")
        assert len(query.to_dask().compute()) == 40
