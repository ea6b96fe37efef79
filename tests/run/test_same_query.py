"""One query in many threads and processes: pickled without a secret, run side by side."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import cloudpickle
import joblib
import pyarrow as pa
import pytest

import tickframe as tf
from tests.faults.server import FaultServer, refusal
from tests.faults.ticks import SECRET, symbols, ticks_for
from tickframe.errors import SettingsError
from tickframe.plan.part import Part
from tickframe.sandbox import Sandbox

SYMBOLS = ["ZAL.XE", "ADS.XE"]


@pytest.fixture
def query(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tf.Query]:
    """Return a query whose account is also in the environment, as child processes have it."""
    monkeypatch.setenv("TICKFRAME_USER", sandbox.user)
    monkeypatch.setenv("TICKFRAME_PASSWORD", sandbox.password)
    monkeypatch.setenv("TICKFRAME_CLIENT_SECRET", sandbox.client_secret)
    with tf.Client(sandbox.url, cache=tmp_path / "cache") as client:
        yield client.tick_data("ACTIV", SYMBOLS, "2016-05-05", data_type="TRADES", to_time="09:30")


def load(query: tf.Query) -> tuple[pa.Table, list[int]]:
    """Return the rows of a query and the rows of each outcome."""
    return query.to_arrow(), [outcome.rows for outcome in query.outcomes]


def load_unpickled(dumped: bytes) -> tuple[pa.Table, list[int]]:
    return load(pickle.loads(dumped))  # noqa: S301, our own bytes


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_processes_load_the_same_query(query: tf.Query, start: str) -> None:
    ours = load(query)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(start)) as pool:
        for rows, outcomes in pool.map(load, [query] * 3):
            assert rows.equals(ours[0])
            assert outcomes == ours[1]


def test_joblib_loads_the_same_query(query: tf.Query) -> None:
    ours = query.to_arrow()
    for rows, _ in joblib.Parallel(n_jobs=2)(joblib.delayed(load)(query) for _ in range(3)):
        assert rows.equals(ours)


def test_threads_run_one_query_with_outcomes_of_their_own(server: FaultServer) -> None:
    """Frames and their attributes belong to the thread's own run."""
    server.serve(lambda request: refusal(403) if b"S003" in request.body else ticks_for(request))
    with tf.Client(server.url, token=SECRET) as client:
        query = client.tick_data("ACTIV", symbols(8), "2016-05-05", data_type="TRADES")
        with ThreadPoolExecutor(4) as pool, pytest.warns(tf.TickframeWarning):
            frames = list(pool.map(lambda _: query.to_pandas(on_error="collect"), range(12)))
        assert [frame.attrs["failed_parts"] for frame in frames] == [1] * 12
        assert {len(frame) for frame in frames} == {7 * 5}
        assert (len(query.outcomes), len(query.outcomes.failed)) == (8, 1)


@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps], ids=["pickle", "cloudpickle"])
def test_a_pickled_query_holds_no_secret(sandbox: Sandbox, tmp_path: Path, dumps: object) -> None:
    secrets = {"password": "pa55word-of-mine", "client_secret": "cl1ent-secret-of-mine"}
    proxies = {"https": "http://someone:pr0xy-secret@127.0.0.1:1"}
    with tf.Client(sandbox.url, user="someone", **secrets, proxies=proxies, cache=tmp_path) as client:
        dumped = dumps(client.tick_data("ACTIV", SYMBOLS, "2016-05-05", data_type="TRADES"))  # type: ignore[operator]
    with tf.Client(sandbox.url, token="t0ken-of-mine") as client:
        dumped += dumps(client.lookup_sources())  # type: ignore[operator]
    assert sandbox.url.encode() in dumped
    for secret in (*secrets.values(), "pr0xy-secret", "t0ken-of-mine"):
        assert secret.encode() not in dumped


def test_a_process_without_the_account_is_told_where_it_comes_from(
    query: tf.Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    dumped = pickle.dumps(query)
    monkeypatch.delenv("TICKFRAME_PASSWORD")
    with pytest.raises(SettingsError, match=r"password.*each process takes the account from its own") as raised:
        load_unpickled(dumped)
    assert "tick_data" in raised.value.part


def test_an_unpickled_query_uses_the_cache_of_the_first(query: tf.Query) -> None:
    query.to_arrow()
    query.source.cache.flush()  # type: ignore[union-attr]
    other = pickle.loads(pickle.dumps(query))  # noqa: S301, our own bytes
    assert other.to_arrow(cache="only").equals(query.to_arrow())
    assert {outcome.origin for outcome in other.outcomes} == {"cache"}


def test_plans_and_parts_hash_by_what_the_service_gets(query: tf.Query, client: tf.Client) -> None:
    """Values of different types are different requests, even if they print alike."""
    again = pickle.loads(pickle.dumps(query.plan))  # noqa: S301, our own bytes
    assert (again, hash(again)) == (query.plan, hash(query.plan))
    queries = [client.get("ACTIV", "x", n=value) for value in (1, "1", 1.0, True, [1], {"a": [1]}, {"a": ["1"]})]
    parts = {part for each in queries for part in each.plan.parts}
    assert len(parts) == len({part.key() for part in parts}) == len(queries)


def test_a_part_does_not_change_with_the_callers_mapping(client: tf.Client) -> None:
    nested = {"a": {"b": [1, 2]}}
    [part] = client.get("ACTIV", "x", nested=nested).plan.parts
    before = part.key()
    nested["a"]["b"].append(3)
    assert part.key() == before
    assert isinstance(part, Part)
    with pytest.raises(TypeError):
        dict(part.parameters)["nested"]["a"] = 1  # type: ignore[index]
