"""What one account has loaded answers another only in a cache that is shared by choice."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

import tickframe as tf
from tests.cache.test_service import origins
from tests.faults.server import FaultServer, answer
from tests.faults.ticks import ask, framed_ticks, ticks_for

ACCOUNTS: dict[str, dict[str, str]] = {
    "user": {"user": "ann@example.com", "password": "p4ssw0rd", "client_secret": "c"},
    "other user": {"user": "bob@example.com", "password": "p4ssw0rd", "client_secret": "c"},
    "token": {"token": "t0k3n-1"},
    "other token": {"token": "t0k3n-2"},
    "key": {"api_key": "k3y-1", "api_key_header": "X-API-Key"},
    "other key": {"api_key": "k3y-2", "api_key_header": "X-API-Key"},
}


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        running.serve(ticks_for)
        yield running


def load(server: FaultServer, account: str, cache: Path | tf.Cache, **settings: str) -> list[str]:
    """Load a part, and return where its rows came from."""
    with tf.Client(server.url, cache=cache, **ACCOUNTS[account], **settings) as client:
        query = ask(client)
        assert query.to_arrow().num_rows == 5
        return origins(query)


def test_each_account_gets_its_own_responses(server: FaultServer, tmp_path: Path) -> None:
    assert [load(server, account, tmp_path) for account in ACCOUNTS] == [["service"]] * 6
    assert [load(server, account, tmp_path) for account in ACCOUNTS] == [["cache"]] * 6


def test_accounts_share_responses_by_choice(server: FaultServer, tmp_path: Path) -> None:
    shared = tf.Cache(tmp_path, shared=True)
    assert [load(server, account, shared) for account in ACCOUNTS] == [["service"], *[["cache"]] * 5]


def test_private_and_shared_responses_are_apart(server: FaultServer, tmp_path: Path) -> None:
    assert load(server, "user", tmp_path) == ["service"]
    assert load(server, "user", tf.Cache(tmp_path, shared=True)) == ["service"]
    assert load(server, "user", tmp_path) == ["cache"]


def test_a_new_password_leaves_the_account(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(server, "user", tmp_path)
    monkeypatch.setitem(ACCOUNTS["user"], "password", "n3w")
    assert load(server, "user", tmp_path) == ["cache"]
    assert load(server, "user", tmp_path, cache_namespace="another service") == ["service"]


def test_nothing_of_an_account_is_written(server: FaultServer, tmp_path: Path) -> None:
    for account in ACCOUNTS:
        load(server, account, tmp_path)
    written = b"".join(file.read_bytes() + str(file).encode() for file in tmp_path.rglob("*") if file.is_file())
    for secret in (b"ann@example.com", b"bob", b"p4ssw0rd", b"t0k3n", b"k3y"):
        assert secret not in written


def test_the_dataset_of_a_client_is_of_its_account(server: FaultServer, tmp_path: Path) -> None:
    load(server, "user", tmp_path)
    server.script(answer(framed_ticks("S000", rows=9)))
    with tf.Client(server.url, cache=tmp_path, **ACCOUNTS["other user"]) as client:
        with pytest.raises(ValueError, match="holds no tick_data: load some"):
            client.cache.dataset()
        ask(client).to_arrow()
        assert client.cache.dataset().count_rows() == 9
    with tf.Client(server.url, cache=tmp_path, **ACCOUNTS["user"]) as client:
        assert client.cache.dataset().count_rows() == 5
        assert client.cache.info().entries == 2
    with pytest.raises(ValueError, match=r"of several kinds: account is .* Select one, as in .*account=\.\.\."):
        tf.Cache(tmp_path).dataset()


def test_a_pickled_query_knows_whether_its_cache_is_shared(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKFRAME_TOKEN", ACCOUNTS["token"]["token"])
    for cache, origin in ((tf.Cache(tmp_path, shared=True), "cache"), (tf.Cache(tmp_path), "service")):
        load(server, "user", cache)
        with tf.Client(server.url, cache=cache, **ACCOUNTS["user"]) as client:
            query = pickle.loads(pickle.dumps(ask(client)))  # noqa: S301, its own
        query.to_arrow()
        assert origins(query) == [origin]
