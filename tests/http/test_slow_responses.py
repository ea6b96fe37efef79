"""Responses that are too slow, and large responses that take long: no single wait times out in either."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

import tickframe as tf
from tests.faults.server import FaultServer, Framing, Response, answer, grant, refusal
from tests.faults.ticks import SECRET, arrived, ask, expected, framed_ticks, ticks_for
from tickframe import errors

pytestmark = pytest.mark.usefixtures("waits")

FRAME = framed_ticks("S000", rows=20)
WHOLE = answer(FRAME)

TOO_SLOW = {
    "headers": WHOLE.byte_by_byte(),
    "body": replace(WHOLE, seconds_between_pieces=0.001),
    "page without a length": replace(
        answer(b"<html>" + b" " * 400, content_type="text/html", framing=Framing.CLOSE), seconds_between_pieces=0.001
    ),
    "chunks": replace(answer(FRAME, framing=Framing.CHUNKED), seconds_between_pieces=0.001),
    "gzip": replace(
        answer(gzip.compress(FRAME, compresslevel=0), headers={"Content-Encoding": "gzip"}),
        seconds_between_pieces=0.001,
    ),
    "refusal": refusal(403, "x" * 400).byte_by_byte(),
    "page": answer(b"<html>" + b" " * 400, content_type="text/html").byte_by_byte(),
}


@pytest.fixture(autouse=True)
def _seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every read take a second by the clock of the client."""
    seconds = itertools.count()
    monkeypatch.setattr("tickframe.http.session.monotonic", lambda: next(seconds))


@pytest.fixture
def client(server: FaultServer) -> Iterator[tf.Client]:
    with tf.Client(server.url, token=SECRET, read_timeout=20) as client:
        yield client


@pytest.mark.parametrize("name", TOO_SLOW)
def test_one_byte_a_second_is_retried(server: FaultServer, client: tf.Client, name: str) -> None:
    server.script(TOO_SLOW[name], TOO_SLOW[name], WHOLE)
    query = ask(client)
    assert arrived(query.to_arrow()) == expected(["S000"], rows=20)
    assert query.outcomes[0].attempts == 3
    client.close()
    server.wait_until_disconnected()


@pytest.mark.parametrize("name", TOO_SLOW)
def test_a_response_that_is_always_too_slow_is_an_error(
    server: FaultServer, client: tf.Client, waits: list[float], name: str
) -> None:
    server.script(TOO_SLOW[name])
    with pytest.raises(errors.TransportError, match=r"too slow: \d+ bytes in \d+ s.*check the network") as raised:
        ask(client).to_arrow()
    assert raised.value.passing
    assert raised.value.attempts == len(server.received) > 1
    assert sum(waits) <= client.settings.retry_seconds


def test_a_token_response_that_is_too_slow_is_retried(server: FaultServer) -> None:
    grants = iter([grant("x" * 400).byte_by_byte()])
    server.on_grant = lambda _request: next(grants, grant("granted"))
    server.serve(ticks_for)
    with tf.Client(server.url, user="u", password="p", client_secret="c", read_timeout=20) as client:
        assert arrived(ask(client).to_arrow()) == expected(["S000"])
    assert {request.token for request in server.received} == {"granted"}


@pytest.mark.parametrize("framing", [Framing.LENGTH, Framing.CHUNKED])
def test_a_large_response_on_a_slow_line_is_complete(server: FaultServer, framing: Framing) -> None:
    """It takes many times the read timeout at 150 bytes/s, which is above the minimum."""
    whole: Response = answer(framed_ticks("S000", rows=400), framing=framing)
    server.script(replace(whole, seconds_between_pieces=0.001, piece=150))
    with tf.Client(server.url, token=SECRET, read_timeout=3) as client:
        query = ask(client)
        assert arrived(query.to_arrow()) == expected(["S000"], rows=400)
    assert query.outcomes[0].attempts == 1


def test_a_fast_start_does_not_make_up_for_a_slow_end(server: FaultServer, client: tf.Client) -> None:
    """The rate is that of the last twenty seconds."""
    large = answer(framed_ticks("S000", rows=2000))
    start = len(large.body) - 400
    burst = replace(large, head=large.head + large.body[:start], body=large.body[start:], seconds_between_pieces=0.001)
    server.script(burst, WHOLE)
    query = ask(client)
    assert arrived(query.to_arrow()) == expected(["S000"], rows=20)
    assert query.outcomes[0].attempts == 2
