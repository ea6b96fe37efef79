"""How a cluster asks the service: with whose credentials, how much at once, and how it waits."""

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
from tests.faults.server import Answer, FaultServer, Received, answer, refusal
from tests.object_store import ObjectStore
from tickframe.dask import worker
from tickframe.errors import DecodeError, PermissionDeniedError, RateLimitError, SettingsError
from tickframe.sandbox import Sandbox
from tickframe.wire.contract import DataRequest, DataResponse
from tickframe.wire.frames import read_frames, write_frame
from tickframe.wire.values import EPOCH

TOKEN = "s3cr3t-t0k3n"
DAYS = [dt.date(2024, 1, 1) + dt.timedelta(number) for number in range(20)]


def day_of(request: Received) -> dt.date:
    asked = DataRequest.FromString(bytes(next(read_frames(request.body)))).parameters["day"]
    return EPOCH + dt.timedelta(asked.days_value)


def ticks(day: dt.date, time: int = 9 * 3600 * 10**9) -> Answer:
    """Return one trade of a day, the day of the month its size."""
    response = DataResponse()
    columns = response.data.columns
    columns["symbol"].string_list.values.append("A")
    columns["date"].days_list.values.append((day - EPOCH).days)
    columns["time"].nanoseconds_list.values.append(time)
    columns["trade"].double_list.values.append(1.5)
    columns["trade_size"].integer_list.values.append(day.day)
    columns["trade_condition"].string_list.values.append("XT")
    return answer(write_frame(response.SerializeToString()))


def serve(server: FaultServer, **unusual: Callable[[], Answer]) -> None:
    """Answer each day with its trade, but for those whose answers are given: ``d8=...`` for the eighth."""
    server.serve(lambda request: unusual.get(f"d{day_of(request).day}", lambda: ticks(day_of(request)))())


def ask(client: tf.Client, days: int = len(DAYS)) -> tf.Query:
    return client.tick_data("ACTIV", "A", (DAYS[0], DAYS[days - 1]), data_type="TRADES")


@contextlib.contextmanager
def registered(cluster: distributed.Client, client: tf.Client) -> Iterator[None]:
    """Give all workers the credentials of a client for a while."""
    plugin = tickframe.dask.Credentials(client.settings)
    cluster.register_plugin(plugin)
    yield
    cluster.unregister_worker_plugin(plugin.name)


@pytest.fixture
def guest(server: FaultServer, cluster: distributed.Client) -> Iterator[tf.Client]:
    """Return a client of the server whose credentials all workers have by the plugin."""
    with tf.Client(server.url, token=TOKEN, max_workers=3, retry_seconds=5) as client, registered(cluster, client):
        yield client


@pytest.mark.usefixtures("cluster")
def test_credentials_reach_workers_by_the_plugin(server: FaultServer, guest: tf.Client) -> None:
    serve(server)
    assert ask(guest).to_dask()["trade_size"].sum().compute() == sum(day.day for day in DAYS)
    assert {request.token for request in server.received} == {TOKEN}
    assert TOKEN not in repr(tickframe.dask.Credentials(guest.settings))


def test_a_worker_without_an_account_says_where_it_gets_one(cluster: distributed.Client, server: FaultServer) -> None:
    with (
        tf.Client(server.url, user="someone") as client,
        registered(cluster, client),
        pytest.raises(SettingsError, match=r"tickframe\.dask\.Credentials.*day=2024-01-01"),
    ):
        ask(client, 1).to_dask().compute()


def spellings(secret: str) -> list[bytes]:
    """Return a secret as it may stand in bytes: plain, and inside of any base64."""
    raw = secret.encode()
    shifted = [base64.b64encode(b"x" * shift + raw)[4 if shift else 0 : -4] for shift in range(3)]
    return [raw, *shifted]


def test_no_secret_is_in_a_graph_or_a_task(cluster: distributed.Client, server: FaultServer, s3: ObjectStore) -> None:
    """Searched are the graph as it travels, and whatever the scheduler holds while workers ask."""
    held, asked = threading.Event(), threading.Event()
    secrets = {"password": "pa55word-of-mine", "client_secret": "cl1ent-secret-of-mine"}
    scheduler = cluster.cluster.scheduler

    def hold(request: Received) -> Answer:
        asked.set()
        held.wait(20)
        return ticks(day_of(request))

    def search() -> None:
        tasks = [pickle.dumps(task.run_spec) for task in scheduler.tasks.values()]
        assert len(tasks) > 1
        for held_bytes in tasks:
            assert not any(spelling in held_bytes for secret in hidden for spelling in spellings(secret))

    server.serve(hold)
    with tf.Client(server.url, user="someone", **secrets, cache=s3.uri("cache")) as client:
        hidden = [*secrets.values(), *s3.environment.values()]
        hidden.remove("true")
        lazy = ask(client).to_dask()
        for travelling in (
            lazy,
            lazy.optimize(),
            lazy.__dask_graph__(),
            worker.WorkerSource.of(client._source, "auto", 8),
        ):
            dumped = cloudpickle.dumps(travelling)
            assert server.url.encode() in dumped
            assert not any(spelling in dumped for secret in hidden for spelling in spellings(secret))
        with registered(cluster, client):
            loading = lazy.persist()
            assert asked.wait(20)
            search()
            place = s3.uri("export")
            exporting = threading.Thread(target=lambda: ask(client).to_parquet(place, engine="dask", cache="off"))
            exporting.start()
            wait_until(lambda: any("_Write" in str(key) for key in scheduler.tasks))
            search()
            held.set()
            exporting.join()
            assert len(loading) == len(DAYS)


def test_a_place_that_holds_a_secret_does_not_travel(client: tf.Client, server: FaultServer) -> None:
    place = "s3://access-key:pa55word@bucket/x?region=eu-central-1"
    with pytest.raises(ValueError, match="holds a secret") as raised:
        client.tick_data("LOCAL", "A.X", "2024-01-02", data_type="TRADES").to_parquet(place, engine="dask")
    assert "pa55word" not in str(raised.value)
    with tf.Client(server.url, token=TOKEN, cache=place) as other, pytest.raises(ValueError, match="holds a secret"):
        ask(other).to_dask()


class Gauge:
    """Answers requests, the first only when as many are under way as are expected; sees how many ever are."""

    def __init__(self, expected: int) -> None:
        self.most = 0
        self._expected = expected
        self._under_way = 0
        self._lock = threading.Lock()
        self._full = threading.Event()

    def __call__(self, request: Received) -> Answer:
        with self._lock:
            self._under_way += 1
            self.most = max(self.most, self._under_way)
            if self._under_way == self._expected:
                self._full.set()
        assert self._full.wait(20)
        with self._lock:
            self._under_way -= 1
        return ticks(day_of(request))


@pytest.mark.usefixtures("cluster")
def test_all_workers_together_ask_for_so_much_at_once(server: FaultServer, guest: tf.Client) -> None:
    gauge = Gauge(expected=3)
    server.serve(gauge)
    assert len(tickframe.dask.from_query(ask(guest), "part")) == len(DAYS)
    assert gauge.most == 3


def test_the_threads_of_one_machine_ask_for_so_much_at_once(server: FaultServer) -> None:
    gauge = Gauge(expected=2)
    server.serve(gauge)
    with tf.Client(server.url, token=TOKEN, max_workers=2) as client:
        assert len(ask(client).to_dask().compute(scheduler="threads", num_workers=4)) == len(DAYS)
    assert gauge.most == 2


def test_when_one_worker_is_asked_to_wait_all_do(cluster: distributed.Client, server: FaultServer) -> None:
    """The second worker is told by the first, and sends nothing."""
    serve(server)
    first, second = cluster.scheduler_info()["workers"]
    with tf.Client(server.url, token=TOKEN, retry_seconds=1) as client, registered(cluster, client):

        def load(at: str, day: int) -> int:
            lazy = tickframe.dask.from_query(ask(client), "part").get_partition(day)
            return len(cluster.compute(lazy, workers=[at], allow_other_workers=False).result())

        assert [load(at, day) for day, at in enumerate((first, second))] == [1, 1]
        server.script(refusal(429, Retry_After="600"))
        with pytest.raises(RateLimitError, match="HTTP 429"):
            load(first, 2)
        sent = len(server.received)
        wait_until(lambda: cluster.run(pauses, server.url, workers=[second])[second])
        with pytest.raises(RateLimitError, match="no request in the next"):
            load(second, 3)
        assert len(server.received) == sent


def pauses(url: str) -> bool:
    """Say, in a worker, whether it sends nothing for now."""
    return any(
        each.source._service._pause._until > 0
        for each in worker._SOURCES.values()
        if each.source._service.settings.base_url == url
    )


@pytest.mark.usefixtures("cluster")
def test_a_part_that_fails_for_good_is_named(server: FaultServer, guest: tf.Client) -> None:
    serve(server, d8=lambda: refusal(403, "not yours"))
    with pytest.raises(PermissionDeniedError, match="not yours") as raised:
        ask(guest).to_dask().compute()
    assert "day=2024-01-08" in raised.value.part


@pytest.mark.usefixtures("cluster")
def test_a_filter_by_time_reads_its_days_only(server: FaultServer, guest: tf.Client) -> None:
    serve(server)
    lazy = ask(guest).to_dask()
    assert lazy.loc["2024-01-03":"2024-01-04"]["trade_size"].compute().tolist() == [3, 4]
    assert lazy.loc["2024-01-09 08:00":"2024-01-09 10:00"]["trade_size"].compute().tolist() == [9]
    assert sorted({day_of(request).day for request in server.received}) == [3, 4, 9]


def test_a_row_that_is_not_of_its_day_cannot_be_in_a_partition_of_days(
    server: FaultServer,
) -> None:
    """A session may pass midnight: then divisions would lie."""
    serve(server, d8=lambda: ticks(DAYS[7], time=24 * 3600 * 10**9))
    with tf.Client(server.url, token=TOKEN) as client, dask.config.set(scheduler="synchronous"):
        with pytest.raises(DecodeError, match="partition='part'") as raised:
            ask(client).to_dask().compute()
        assert "day=2024-01-08" in raised.value.part
        assert len(tickframe.dask.from_query(ask(client), "part").compute()) == len(DAYS)


def test_an_answer_of_other_types_than_documented_is_an_error(server: FaultServer) -> None:
    response = DataResponse()
    response.data.columns["trade"].integer_list.values.append(1)
    server.script(answer(write_frame(response.SerializeToString())))
    with (
        tf.Client(server.url, token=TOKEN) as client,
        dask.config.set(scheduler="synchronous"),
        pytest.raises(DecodeError, match="'trade' is int64 in the response and double"),
    ):
        ask(client, 1).to_dask().compute()


@pytest.mark.usefixtures("guest")
def test_what_one_worker_has_fetched_no_other_fetches_again(
    cluster: distributed.Client, server: FaultServer, s3: ObjectStore
) -> None:
    serve(server)
    place = s3.uri("shared")
    with tf.Client(server.url, token=TOKEN, cache=place, max_workers=3) as client:
        total = sum(day.day for day in DAYS)
        for at in cluster.scheduler_info()["workers"]:
            sizes = ask(client).to_dask()["trade_size"].sum()
            assert cluster.compute(sizes, workers=[at], allow_other_workers=False).result() == total
        query = ask(client)
        assert query.to_pandas(cache="only")["trade_size"].sum() == total
    assert len(server.received) == len(DAYS)
    assert sum(name.endswith(".parquet") for name in s3.files(place)) == len(DAYS)


@pytest.mark.usefixtures("cluster")
def test_the_market_is_asked_with_the_workers_own_account(market: Sandbox) -> None:
    """The client that made the query holds another, which is wrong."""
    with tf.Client(market.url, user="someone", password="wrong-one", client_secret="wrong-too") as stranger:
        query = stranger.tick_data("LOCAL", "A.X", "2024-01-02", data_type="TRADES")
        assert len(query.to_dask().compute()) == 40
