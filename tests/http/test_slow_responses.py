"""Answers that trickle, and answers that are large and slow: no wait for bytes is long in either."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

import tickframe as tf
from tests.faults.server import Answer, FaultServer, Framing, answer, grant, refusal
from tests.faults.ticks import SECRET, arrived, ask, expected, framed_ticks, ticks_for
from tickframe import errors

pytestmark = pytest.mark.usefixtures("waits")

FRAME = framed_ticks("S000", rows=20)
WHOLE = answer(FRAME)

TRICKLES = {
    "header": WHOLE.trickling(),
    "body": replace(WHOLE, seconds_between_pieces=0.001),
    "body without a length": replace(answer(FRAME, framing=Framing.CLOSE), seconds_between_pieces=0.001),
    "chunks": replace(answer(FRAME, framing=Framing.CHUNKED), seconds_between_pieces=0.001),
    "gzip": replace(
        answer(gzip.compress(FRAME, compresslevel=0), headers={"Content-Encoding": "gzip"}),
        seconds_between_pieces=0.001,
    ),
    "refusal": refusal(403, "x" * 400).trickling(),
    "page": answer(b"<html>" + b" " * 400, content_type="text/html").trickling(),
}


@pytest.fixture(autouse=True)
def _seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every wait for bytes take a second, as far as the client can tell."""
    seconds = itertools.count()
    monkeypatch.setattr("tickframe.http.session.monotonic", lambda: next(seconds))


@pytest.fixture
def client(server: FaultServer) -> Iterator[tf.Client]:
    with tf.Client(server.url, token=SECRET, read_timeout=20) as client:
        yield client


@pytest.mark.parametrize("name", TRICKLES)
def test_one_byte_a_second_is_given_up_and_asked_again(server: FaultServer, client: tf.Client, name: str) -> None:
    server.script(TRICKLES[name], TRICKLES[name], WHOLE)
    query = ask(client)
    assert arrived(query.to_arrow()) == expected(["S000"], rows=20)
    assert query.outcomes[0].attempts == 3
    client.close()
    server.wait_until_left()


@pytest.mark.parametrize("name", TRICKLES)
def test_a_trickle_that_stays_is_an_error_that_says_what_to_do(
    server: FaultServer, client: tf.Client, waits: list[float], name: str
) -> None:
    server.script(TRICKLES[name])
    with pytest.raises(errors.TransportError, match=r"too slow: \d+ bytes in \d+ s.*check the network") as raised:
        ask(client).to_arrow()
    assert raised.value.passing
    assert raised.value.attempts == len(server.received) > 1
    assert sum(waits) <= client.settings.retry_seconds


def test_a_token_that_trickles_is_asked_for_again(server: FaultServer) -> None:
    grants = iter([grant("x" * 400).trickling()])
    server.on_grant = lambda _request: next(grants, grant("granted"))
    server.serve(ticks_for)
    with tf.Client(server.url, user="u", password="p", client_secret="c", read_timeout=20) as client:
        assert arrived(ask(client).to_arrow()) == expected(["S000"])
    assert {request.token for request in server.received} == {"granted"}


@pytest.mark.parametrize("framing", Framing)
def test_a_large_answer_on_a_slow_line_is_not_cut(server: FaultServer, framing: Framing) -> None:
    """It takes many times as long as a wait for bytes may: at 150 bytes a second it is no trickle."""
    whole: Answer = answer(framed_ticks("S000", rows=400), framing=framing)
    server.script(replace(whole, seconds_between_pieces=0.001, piece=150))
    with tf.Client(server.url, token=SECRET, read_timeout=3) as client:
        query = ask(client)
        assert arrived(query.to_arrow()) == expected(["S000"], rows=400)
    assert query.outcomes[0].attempts == 1


def test_a_burst_does_not_make_up_for_a_trickle_behind_it(server: FaultServer, client: tf.Client) -> None:
    """The last twenty seconds count, not those before."""
    large = answer(framed_ticks("S000", rows=2000))
    start = len(large.body) - 400
    burst = replace(large, head=large.head + large.body[:start], body=large.body[start:], seconds_between_pieces=0.001)
    server.script(burst, WHOLE)
    query = ask(client)
    assert arrived(query.to_arrow()) == expected(["S000"], rows=20)
    assert query.outcomes[0].attempts == 2
