"""Bodies of each framing: complete, cut, longer than one read, and the connection that they leave."""

from __future__ import annotations

import ssl
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

import tickframe as tf
from tests.faults.server import Ending, FaultServer, Framing, Response, answer, compressed
from tests.faults.ticks import SECRET, arrived, ask, expected, framed_ticks
from tests.scripted_server import Reply, ScriptedServer
from tickframe import errors
from tickframe.http.cancellation import Cancellation, Cancelled
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import frame_start, read_frames, write_frame

trustme = pytest.importorskip("trustme")

FRAME = framed_ticks("S000")

# Longer than what is read at once, which is a mebibyte.
LONG_ROWS = 70_000
LONG = framed_ticks("S000", rows=LONG_ROWS)
READ = 1024 * 1024
LAST_CHUNK = b"0\r\n\r\n"

Make = Callable[[bytes], Response]
Connect = Callable[[], AbstractContextManager[tuple[FaultServer, tf.Client]]]


def by_length(body: bytes) -> Response:
    return answer(body)


def by_equal_lengths(body: bytes) -> Response:
    """Return a response whose length a proxy has repeated (RFC 9110, 8.6)."""
    return answer(body, headers={"Content-Length": f"{len(body)}, {len(body)}"})


def by_chunks(body: bytes) -> Response:
    return answer(body, framing=Framing.CHUNKED)


def compressed_by_chunks(body: bytes) -> Response:
    return compressed(body, Framing.CHUNKED)


KEPT = [by_length, by_chunks, compressed, compressed_by_chunks]
ALL = [*KEPT, by_equal_lengths]


@contextmanager
def secure_server() -> Iterator[tuple[FaultServer, tf.Client]]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with (
        FaultServer(context) as server,
        authority.cert_pem.tempfile() as bundle,
        tf.Client(server.url, token=SECRET, verify=bundle, read_timeout=20) as client,
    ):
        yield server, client


@contextmanager
def plain_server() -> Iterator[tuple[FaultServer, tf.Client]]:
    with FaultServer() as server, tf.Client(server.url, token=SECRET, read_timeout=20) as client:
        yield server, client


SERVERS = [plain_server, secure_server]


@pytest.mark.parametrize("connect", SERVERS)
@pytest.mark.parametrize("make", KEPT)
def test_a_connection_is_used_again_after_a_complete_body(connect: Connect, make: Make) -> None:
    with connect() as (server, client):
        server.script(make(FRAME))
        for _ in range(5):
            assert arrived(ask(client).to_arrow()) == expected(["S000"])
        assert (len(server.received), server.connections) == (5, 1)


@pytest.mark.usefixtures("waits")
def test_an_empty_body_is_retried_on_the_same_connection() -> None:
    with plain_server() as (server, client):
        server.script(answer(b""), answer(FRAME))
        query = ask(client)
        assert arrived(query.to_arrow()) == expected(["S000"])
        assert query.outcomes[0].attempts == 2
        assert server.connections == 1


@pytest.mark.parametrize("make", ALL)
def test_a_body_longer_than_one_read_is_complete(make: Make) -> None:
    assert len(LONG) > 2 * READ
    with plain_server() as (server, client):
        server.script(make(LONG))
        assert arrived(ask(client).to_arrow()) == expected(["S000"], rows=LONG_ROWS)


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("connect", SERVERS)
@pytest.mark.parametrize("ending", [Ending.CLOSED, Ending.RESET])
@pytest.mark.parametrize("make", ALL)
def test_a_cut_at_the_border_of_a_read_is_retried(connect: Connect, ending: Ending, make: Make) -> None:
    whole = make(LONG)
    longest = len(whole.body) - len(LAST_CHUNK)
    cuts = [at for at in (0, 1, READ - 1, READ, READ + 1, 2 * READ, longest) if at <= longest]
    with connect() as (server, client):
        for at in cuts:
            server.script(whole.cut_in_body(at, ending), make(FRAME))
            query = ask(client)
            assert arrived(query.to_arrow()) == expected(["S000"]), at
            assert query.outcomes[0].attempts == 2, at
        # A connection that was cut is not used again.
        assert server.connections > len(cuts)


@pytest.mark.parametrize("make", [by_length, by_equal_lengths])
def test_a_length_shorter_than_the_frame_is_an_error(make: Make) -> None:
    short = make(FRAME[:-1])
    with plain_server() as (server, _), tf.Client(server.url, token=SECRET, retry_seconds=0) as client:
        server.script(Response(short.head, FRAME))
        with pytest.raises(errors.TruncatedFrameError, match="cut short"):
            ask(client).to_arrow()


@pytest.mark.parametrize("make", [by_length, by_equal_lengths])
def test_a_length_longer_than_the_body_is_an_error(make: Make) -> None:
    """The frame is complete, but the service has announced more."""
    long = make(FRAME + FRAME)
    with plain_server() as (server, _), tf.Client(server.url, token=SECRET, retry_seconds=0) as client:
        server.script(long.cut_in_body(len(FRAME)))
        with pytest.raises(errors.TransportError, match="cut short"):
            ask(client).to_arrow()


class CancelledAtTheEnd(Cancellation):
    """Is cancelled by another thread right when a read has ended."""

    @contextmanager
    def releasing(self, release: Callable[[], None]) -> Iterator[None]:
        with super().releasing(release):
            yield
            self.cancel()


def test_a_run_cancelled_when_a_response_has_closed_its_connection_ends(scripted: ScriptedServer) -> None:
    scripted.reply(Reply(b"", headers={"Connection": "close"}))
    with tf.Client(scripted.url, token="t") as client:
        query = client.tick_data("ACTIV", "A", "2016-05-02", data_type="TRADES")
        with pytest.raises((Cancelled, tf.TickframeError)):
            query.source.responder("off").answer(query.plan.parts[0], CancelledAtTheEnd())


@pytest.mark.parametrize("framing", [Framing.LENGTH, Framing.CHUNKED])
@pytest.mark.parametrize("announced", [READ, 64 * READ])
def test_a_small_body_that_decompresses_to_a_large_one_ends_at_the_limit(
    server: FaultServer, framing: Framing, announced: int
) -> None:
    """Whether the frame announces its length or hides it."""
    server.script(compressed(frame_start(announced) + bytes(64 * READ), framing))
    with tf.Client(server.url, token=SECRET, maximum_length=2 * READ) as client:
        tracemalloc.start()
        try:
            with pytest.raises(errors.FrameError, match=r"limit is 2,097,152|is not the marker"):
                ask(client).to_arrow()
            assert tracemalloc.get_traced_memory()[1] < 16 * READ
        finally:
            tracemalloc.stop()


def test_a_small_body_that_decodes_to_large_columns_is_an_error(server: FaultServer) -> None:
    """Half a megabyte of gzip could be gigabytes of nulls."""
    response = DataResponse()
    response.data.columns["undocumented"].bool_list.values.extend([False] * READ)
    server.script(compressed(write_frame(response.SerializeToString())))
    with tf.Client(server.url, token=SECRET, maximum_decoded_bytes=20 * READ) as client:
        with pytest.raises(errors.DecodeError, match=r"limit is 20,.* or raise maximum_decoded_bytes") as raised:
            ask(client).to_arrow()
        assert raised.value.attempts == 1
    server.script(compressed(write_frame(response.SerializeToString())))
    with tf.Client(server.url, token=SECRET) as client, pytest.warns(tf.TickframeWarning, match="lacks"):
        assert ask(client).to_arrow().num_rows == READ


def test_frames_of_one_response_have_a_limit_together(server: FaultServer) -> None:
    frames = 3 * framed_ticks("S000")
    length = len(next(read_frames(frames)))
    server.script(answer(frames))
    with tf.Client(server.url, token=SECRET, maximum_length=3 * length) as client:
        assert ask(client).to_arrow().num_rows == 15
    server.script(answer(frames))
    with (
        tf.Client(server.url, token=SECRET, maximum_length=3 * length - 1) as client,
        pytest.raises(errors.FrameLengthError, match="raise maximum_length"),
    ):
        ask(client).to_arrow()
