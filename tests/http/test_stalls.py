"""Responses that never come, stall or never end: each attempt ends, and the request is sent again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

import tickframe as tf
from tests.faults.server import Ending, FaultServer, Framing, Response, answer, grant
from tests.faults.ticks import SECRET, arrived, ask, expected, framed_ticks, ticks_for
from tickframe import errors

pytestmark = pytest.mark.usefixtures("waits")

FRAME = framed_ticks("S000")
WHOLE = answer(FRAME)
CHUNKED = answer(FRAME, framing=Framing.CHUNKED)

# Much longer than a test may take.
LONG = 600.0
SHORT = 0.2


@pytest.fixture
def client(server: FaultServer) -> Iterator[tf.Client]:
    """Return a client that lets the service think, but not the line."""
    with tf.Client(server.url, token=SECRET, read_timeout=LONG, stall_timeout=SHORT) as client:
        yield client


@pytest.mark.parametrize(
    "stalled",
    [
        WHOLE.cut_in_head(Ending.STALLED),
        WHOLE.cut_in_body(99, Ending.STALLED),
        CHUNKED.cut_in_body(99, Ending.STALLED),
        # In the trailers, and before them.
        CHUNKED.cut_in_body(len(CHUNKED.body) - 2, Ending.STALLED),
        CHUNKED.cut_in_body(len(CHUNKED.body) - 5, Ending.STALLED),
    ],
)
def test_a_response_that_stalls_is_requested_again_long_before_the_read_timeout(
    server: FaultServer, client: tf.Client, stalled: Response
) -> None:
    server.script(stalled, WHOLE)
    query = ask(client)
    assert arrived(query.to_arrow()) == expected(["S000"])
    assert query.outcomes[0].attempts == 2


def test_a_permanent_stall_names_its_setting(server: FaultServer, client: tf.Client) -> None:
    server.script(WHOLE.cut_in_body(99, Ending.STALLED))
    with pytest.raises(errors.TransportError, match=r"read timed out: the response stalled.*stall_timeout"):
        ask(client).to_arrow()


def test_a_token_response_that_stalls_is_requested_again(server: FaultServer) -> None:
    grants = iter([grant("granted").cut_in_body(9, Ending.STALLED)])
    server.on_grant = lambda _request: next(grants, grant("granted"))
    server.serve(ticks_for)
    account = {"user": "u", "password": "p", "client_secret": "c"}
    with tf.Client(server.url, **account, read_timeout=LONG, stall_timeout=SHORT) as client:
        assert arrived(ask(client).to_arrow()) == expected(["S000"])


@pytest.mark.parametrize("head", [b"", WHOLE.head], ids=["before the headers", "after the headers"])
def test_a_service_may_think_for_longer_than_a_line_may_stall(
    server: FaultServer, client: tf.Client, head: bytes
) -> None:
    pause = Response(head, (WHOLE.head + FRAME)[len(head) :], seconds_between_pieces=3 * SHORT, piece=10_000)
    server.script(pause)
    query = ask(client)
    assert arrived(query.to_arrow()) == expected(["S000"])
    assert query.outcomes[0].attempts == 1


PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"


def interim(*responses: bytes) -> Response:
    return replace(WHOLE, head=b"".join(responses) + WHOLE.head)


@pytest.mark.parametrize(
    "skipped",
    [
        [b"HTTP/1.1 100 Continue\r\n\r\n"],
        [PROCESSING],
        [PROCESSING] * 500,
        [b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nContent-Length: 5\r\n\r\n"],
        [b"HTTP/1.1 100 Continue\r\n\r\n", PROCESSING, b"HTTP/1.1 199 Whatever\r\n\r\n"],
    ],
)
def test_interim_responses_are_skipped(server: FaultServer, client: tf.Client, skipped: list[bytes]) -> None:
    server.script(interim(*skipped))
    for _ in range(2):
        query = ask(client)
        assert arrived(query.to_arrow()) == expected(["S000"])
        assert query.outcomes[0].attempts == 1
    assert server.connections == 1


def test_a_service_may_think_after_an_interim_response(server: FaultServer, client: tf.Client) -> None:
    server.script(Response(PROCESSING, WHOLE.head + FRAME, seconds_between_pieces=3 * SHORT, piece=10_000))
    query = ask(client)
    assert arrived(query.to_arrow()) == expected(["S000"])
    assert query.outcomes[0].attempts == 1


def test_interim_responses_do_not_extend_the_read_timeout(server: FaultServer) -> None:
    endless = Response(b"", PROCESSING * 10_000, seconds_between_pieces=0.01, piece=len(PROCESSING))
    server.script(endless, WHOLE)
    with tf.Client(server.url, token=SECRET, read_timeout=SHORT) as client:
        query = ask(client)
        assert arrived(query.to_arrow()) == expected(["S000"])
    assert query.outcomes[0].attempts == 2


@pytest.mark.parametrize(
    "endless",
    [
        Response(PROCESSING * 20_000),
        Response(b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000),
        Response(b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"x" * 60_000 + b"\r\n") * 10),
        replace(CHUNKED, body=CHUNKED.body.removesuffix(b"\r\n") + b"Trailer: x\r\n" * 40_000),
    ],
    ids=["102", "100", "headers", "trailers"],
)
def test_lines_without_end_are_not_read_on(server: FaultServer, client: tf.Client, endless: Response) -> None:
    """The connection stays open, so that only their number ends them."""
    server.script(replace(endless, ending=Ending.STALLED), WHOLE)
    query = ask(client)
    assert arrived(query.to_arrow()) == expected(["S000"])
    assert query.outcomes[0].attempts == 2
    server.script(replace(endless, ending=Ending.STALLED))
    with pytest.raises(errors.TransportError, match="more than 262,144 bytes of headers or trailers"):
        ask(client).to_arrow()


def test_many_small_chunks_are_no_endless_lines(server: FaultServer, client: tf.Client) -> None:
    frame = framed_ticks("S000", rows=3000)
    chunks = b"".join(b"00000000000000000001\r\n%c\r\n" % byte for byte in frame)
    assert len(chunks) > 4 * 262_144
    server.script(replace(CHUNKED, body=chunks + b"0\r\n\r\n"))
    assert arrived(ask(client).to_arrow()) == expected(["S000"], rows=3000)
