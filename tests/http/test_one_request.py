"""Faults of one request: its error if the fault is permanent, and the complete rows if it is transient."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

import tickframe as tf
from tests.faults.server import (
    Ending,
    FaultServer,
    Framing,
    Received,
    Response,
    answer,
    compressed,
    page,
    refusal,
)
from tests.faults.ticks import SECRET, arrived, ask, expected, framed_ticks, ticks_for
from tickframe import errors
from tickframe.http.cancellation import Cancellation

pytestmark = pytest.mark.usefixtures("waits")

FRAME = framed_ticks("S000")
WHOLE = answer(FRAME)
CHUNKED = answer(FRAME, framing=Framing.CHUNKED)
GZIP = compressed(FRAME)


@dataclass(frozen=True)
class Fault:
    """A faulty response and the error that it causes."""

    response: Response
    error: type[tf.TickframeError]
    words: str


def frame_with_short_length() -> bytes:
    return FRAME[:1] + bytes((FRAME[1] - 1,)) + FRAME[2:]


def frame_with_long_length() -> bytes:
    return FRAME[:1] + bytes((FRAME[1] + 1,)) + FRAME[2:]


def in_http_1_0(body: bytes) -> Response:
    """Return a response whose body ends with the connection, as HTTP/1.0 has it."""
    return Response(b"HTTP/1.0 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n", body, ending=Ending.CLOSED)


TRANSIENT = {
    "reset before the response": Fault(WHOLE.before_any_byte(Ending.RESET), errors.TransportError, "connection"),
    "close before the response": Fault(WHOLE.before_any_byte(Ending.CLOSED), errors.TransportError, "connection"),
    "reset in the headers": Fault(WHOLE.cut_in_head(Ending.RESET), errors.TransportError, "connection"),
    "close in the content type": Fault(
        replace(WHOLE, sent=WHOLE.head.index(b"octet"), ending=Ending.CLOSED), errors.TruncatedFrameError, "empty"
    ),
    "reset in the body": Fault(WHOLE.cut_in_body(99, Ending.RESET), errors.TransportError, "cut short"),
    "close in the body": Fault(WHOLE.cut_in_body(99), errors.TransportError, "cut short"),
    "close in the body without a length": Fault(
        answer(FRAME, framing=Framing.CLOSE).cut_in_body(99), errors.TransportError, "neither a Content-Length"
    ),
    "close in a chunk": Fault(CHUNKED.cut_in_body(99), errors.TransportError, "cut short"),
    "chunks without a last one": Fault(CHUNKED.cut_in_body(len(CHUNKED.body) - 5), errors.TransportError, "cut short"),
    "gzip cut": Fault(GZIP.cut_in_body(len(GZIP.body) // 2), errors.TransportError, "cut short"),
    "gzip cut without a length": Fault(
        compressed(FRAME, Framing.CLOSE).cut_in_body(len(GZIP.body) // 2),
        errors.TransportError,
        "neither a Content-Length",
    ),
    "whole without a length": Fault(
        answer(FRAME, framing=Framing.CLOSE), errors.TransportError, "neither a Content-Length"
    ),
    "whole in HTTP/1.0": Fault(in_http_1_0(FRAME), errors.TransportError, "neither a Content-Length"),
    "whole with an invalid length": Fault(
        answer(FRAME, headers={"Content-Length": "-9"}, framing=Framing.CLOSE),
        errors.TransportError,
        "neither a Content-Length",
    ),
    "whole with chunks announced, but without them": Fault(
        answer(FRAME, headers={"Transfer-Encoding": "identity, chunked"}, framing=Framing.CLOSE),
        errors.TransportError,
        "neither a Content-Length",
    ),
    "gzip damaged": Fault(
        answer(gzip.compress(FRAME)[:20] + bytes(200), headers={"Content-Encoding": "gzip"}),
        errors.TransportError,
        "DecodeError",
    ),
    "gzip damaged in its second member": Fault(
        answer(
            gzip.compress(FRAME) + gzip.compress(framed_ticks("S000", first=5))[:20] + bytes(200),
            headers={"Content-Encoding": "gzip"},
        ),
        errors.TransportError,
        "DecodeError",
    ),
    "gzip that ends between two frames, but not as gzip does": Fault(
        answer(gzip.compress(FRAME)[:-8], headers={"Content-Encoding": "gzip"}), errors.TransportError, "cut short"
    ),
    "chunk without a size": Fault(replace(CHUNKED, body=b"zz\r\n" + FRAME), errors.TransportError, "cut short"),
    "chunk with a negative size": Fault(
        replace(CHUNKED, body=b"-5\r\n" + FRAME, ending=Ending.CLOSED), errors.TransportError, "cut short"
    ),
    "not HTTP": Fault(Response(b"\x00\xffnonsense\r\n\r\n", ending=Ending.CLOSED), errors.TransportError, "connection"),
    "frame shorter than its length": Fault(answer(frame_with_long_length()), errors.TruncatedFrameError, "cut short"),
    "empty body": Fault(answer(b""), errors.TruncatedFrameError, "empty"),
    "408": Fault(refusal(408), errors.ServiceError, "HTTP 408"),
    "429": Fault(refusal(429), errors.RateLimitError, "HTTP 429"),
    "429 with seconds": Fault(refusal(429, Retry_After="2"), errors.RateLimitError, "HTTP 429"),
    "500": Fault(refusal(500, "out of order"), errors.ServiceError, "out of order"),
    "502 with a web page": Fault(page(502), errors.ServiceError, "HTTP 502"),
    **{
        str(status): Fault(refusal(status), errors.ServiceError, f"HTTP {status}")
        for status in (425, 503, 504, 520, 521, 522, 523, 524)
    },
    "refusal cut in the body": Fault(refusal(503, "x" * 500).cut_in_body(9), errors.ServiceError, "HTTP 503"),
}

PERMANENT = {
    "401": Fault(refusal(401), errors.AuthenticationError, "refused"),
    "403": Fault(refusal(403, "no right"), errors.PermissionDeniedError, "no right"),
    "404": Fault(refusal(404), errors.UnknownEndpointError, "endpoint"),
    "web page": Fault(page(), errors.UnexpectedContentError, "text/html"),
    "web page as octets": Fault(answer(page().body), errors.UnexpectedContentError, "expected a frame"),
    "wrong marker": Fault(answer(b"\xfb" + FRAME[1:]), errors.FrameMarkerError, "0xFB"),
    "frame longer than its length": Fault(answer(frame_with_short_length()), errors.TrailingBytesError, "frame"),
    "redirect": Fault(refusal(302, Location="https://elsewhere.invalid/"), errors.ServiceError, "redirects"),
    "redirect to an invalid address": Fault(refusal(302, Location="http://[::1"), errors.ServiceError, "redirects"),
    "redirect cut in the body": Fault(
        refusal(307, "x" * 500, Location="https://elsewhere.invalid/").cut_in_body(9), errors.ServiceError, "redirects"
    ),
    "refusal with deeply nested JSON": Fault(
        answer(b"[" * 60_000, 400, content_type="application/json"), errors.ServiceError, "HTTP 400"
    ),
    "Retry-After with an invalid date": Fault(
        refusal(400, Retry_After="Fri, 31 Dec 99999999999999999999 23:59:59 GMT"), errors.ServiceError, "HTTP 400"
    ),
}

ALL = TRANSIENT | PERMANENT


@pytest.mark.parametrize("name", ALL)
def test_a_permanent_fault_is_an_error_within_the_budget_and_without_a_secret(
    server: FaultServer, client: tf.Client, waits: list[float], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    fault = ALL[name]
    server.script(fault.response)
    query = ask(client)
    with caplog.at_level(logging.DEBUG), pytest.raises(errors.TickframeError, match=fault.words) as raised:
        query.to_arrow()
    assert raised.type is fault.error
    assert sum(waits) <= client.settings.retry_seconds
    assert raised.value.attempts == len(server.received)
    assert (raised.value.attempts > 1) == (name in TRANSIENT)
    assert "symbol=S000" in raised.value.part
    assert SECRET not in "".join(traceback.format_exception(raised.value)) + caplog.text
    [outcome] = query.outcomes
    assert (outcome.rows, outcome.attempts, outcome.error) == (0, len(server.received), str(raised.value))


@pytest.mark.parametrize("name", TRANSIENT)
def test_a_transient_fault_leaves_every_row_once(server: FaultServer, client: tf.Client, name: str) -> None:
    server.script(TRANSIENT[name].response, TRANSIENT[name].response, WHOLE)
    query = ask(client)
    assert arrived(query.to_arrow()) == expected(["S000"])
    assert [outcome.attempts for outcome in query.outcomes] == [3]


@pytest.mark.parametrize("whole", [WHOLE, CHUNKED, GZIP, compressed(FRAME, Framing.CHUNKED)])
def test_every_framing_of_a_complete_response_is_read(server: FaultServer, client: tf.Client, whole: Response) -> None:
    server.script(whole)
    assert arrived(ask(client).to_arrow()) == expected(["S000"])


def test_a_closed_port_is_retried_within_the_budget(waits: list[float]) -> None:
    with FaultServer() as gone:
        pass
    with tf.Client(gone.url, token=SECRET) as client, pytest.raises(errors.TransportError, match="no connection") as e:
        ask(client).to_arrow()
    assert e.value.attempts == len(waits) + 1 > 1
    assert sum(waits) <= client.settings.retry_seconds


def test_a_service_that_comes_back_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer() as gone:
        port = int(gone.url.rpartition(":")[2])
    with contextlib.ExitStack() as back:

        def come_back(_cancellation: Cancellation, seconds: float) -> None:
            if seconds:
                monkeypatch.undo()
                back.enter_context(FaultServer(port=port)).script(WHOLE)

        monkeypatch.setattr(Cancellation, "wait", come_back)
        with tf.Client(gone.url, token=SECRET) as client:
            query = ask(client)
            assert arrived(query.to_arrow()) == expected(["S000"])
            assert query.outcomes[0].attempts == 2


def test_an_unknown_host_is_a_transport_error_within_the_budget(waits: list[float]) -> None:
    with (
        tf.Client("https://host.invalid", token=SECRET) as client,
        pytest.raises(errors.TransportError, match=r"no connection .*host\.invalid") as raised,
    ):
        ask(client).to_arrow()
    assert raised.value.attempts > 1
    assert sum(waits) <= client.settings.retry_seconds
    assert SECRET not in "".join(traceback.format_exception(raised.value))


STALLS = [
    WHOLE.before_any_byte(Ending.STALLED),
    WHOLE.cut_in_head(Ending.STALLED),
    WHOLE.cut_in_body(99, Ending.STALLED),
]


@pytest.mark.parametrize("stalled", STALLS)
def test_a_stall_is_retried_after_the_read_timeout(server: FaultServer, stalled: Response) -> None:
    with tf.Client(server.url, token=SECRET, read_timeout=0.2) as client:
        server.script(stalled, WHOLE)
        query = ask(client)
        assert arrived(query.to_arrow()) == expected(["S000"])
        assert query.outcomes[0].attempts == 2


def test_a_permanent_stall_is_a_timeout(server: FaultServer) -> None:
    with tf.Client(server.url, token=SECRET, read_timeout=0.05) as client:
        for stalled in (WHOLE.before_any_byte(Ending.STALLED), WHOLE.cut_in_body(99, Ending.STALLED)):
            server.script(stalled)
            with pytest.raises(errors.TransportError, match="read timed out"):
                ask(client).to_arrow()


class TestAStallLongerThanTheBudget:
    """By the clock of the retries, a stall takes five minutes."""

    @pytest.fixture
    def client(self, server: FaultServer) -> Iterator[tf.Client]:
        with tf.Client(server.url, token=SECRET, read_timeout=0.2) as client:
            yield client

    def script(self, server: FaultServer, waits: list[float], *responses: Response) -> None:
        turns = itertools.chain(responses, itertools.repeat(responses[-1]))

        def reply(_request: Received) -> Response:
            response = next(turns)
            if response.ending is Ending.STALLED:
                waits.append(300)
            return response

        server.serve(reply)

    @pytest.mark.parametrize("stalled", STALLS)
    @pytest.mark.parametrize("before", [[], [refusal(503)], [refusal(503), refusal(503)]])
    def test_one_is_not_final(
        self,
        server: FaultServer,
        client: tf.Client,
        waits: list[float],
        stalled: Response,
        before: list[Response],
    ) -> None:
        self.script(server, waits, *before, stalled, refusal(503), WHOLE)
        query = ask(client)
        assert arrived(query.to_arrow()) == expected(["S000"])
        assert query.outcomes[0].attempts == len(before) + 3

    def test_two_are(self, server: FaultServer, client: tf.Client, waits: list[float]) -> None:
        self.script(server, waits, STALLS[0])
        with pytest.raises(errors.TransportError, match="read timed out") as raised:
            ask(client).to_arrow()
        assert raised.value.attempts == len(server.received) == 2


@pytest.mark.parametrize("stalled", [WHOLE.before_any_byte(Ending.RESET), refusal(503)])
def test_no_budget_means_one_attempt(server: FaultServer, stalled: Response) -> None:
    with tf.Client(server.url, token=SECRET, retry_seconds=0) as client:
        server.script(stalled)
        with pytest.raises(errors.TickframeError) as raised:
            ask(client).to_arrow()
    assert raised.value.attempts == len(server.received) == 1


def test_a_refusal_whose_body_stalls_keeps_its_error(server: FaultServer) -> None:
    with tf.Client(server.url, token=SECRET, read_timeout=0.2) as client:
        server.script(refusal(403, "no right").cut_in_body(3, Ending.STALLED))
        with pytest.raises(errors.PermissionDeniedError):
            ask(client).to_arrow()


def test_a_response_sent_byte_by_byte_is_complete(server: FaultServer) -> None:
    """No single wait for bytes is long enough to time out."""
    with tf.Client(server.url, token=SECRET, read_timeout=5) as client:
        server.script(replace(WHOLE, seconds_between_pieces=0.002))
        query = ask(client)
        assert arrived(query.to_arrow()) == expected(["S000"])
        assert query.outcomes[0].attempts == 1


def test_a_redirect_to_another_host_is_not_followed(server: FaultServer, client: tf.Client) -> None:
    """Neither with the token nor without it."""
    with FaultServer() as elsewhere:
        elsewhere.serve(ticks_for)
        for status in (301, 302, 303, 307, 308):
            server.script(refusal(status, Location=elsewhere.url + "/get/tickData"))
            with pytest.raises(errors.ServiceError, match="redirects"):
                ask(client).to_arrow()
        assert elsewhere.connections == 0


@pytest.mark.parametrize("at", range(len(FRAME)))
def test_a_flipped_byte_is_an_error_or_a_table_of_equal_columns(
    server: FaultServer, client: tf.Client, at: int
) -> None:
    """A frame has no checksum, so a flip may change a value, but it never loses a row silently."""
    flipped = FRAME[:at] + bytes((FRAME[at] ^ 0xFF,)) + FRAME[at + 1 :]
    server.script(answer(flipped))
    query = ask(client)
    with contextlib.suppress(errors.DecodeError, errors.FrameError):
        table = query.to_arrow()
        assert len(arrived(table)) == table.num_rows == query.outcomes[0].rows


#: A response of five frames with six columns each.
FRAMES = [framed_ticks("S000", rows=40, first=40 * number) for number in range(5)]
SEVERAL = b"".join(FRAMES)
#: Where one frame ends and the next one begins: a cut there contradicts no length in the body.
BORDERS = list(itertools.accumulate(map(len, FRAMES[:-1])))
OFFSETS = sorted({*(round(index * (len(SEVERAL) - 1) / 199) for index in range(200)), *BORDERS})


@pytest.mark.parametrize("framing", Framing)
def test_a_body_cut_anywhere_is_retried_until_it_is_complete(
    server: FaultServer, client: tf.Client, framing: Framing
) -> None:
    assert len(OFFSETS) >= 200
    cut = answer(SEVERAL, framing=framing)
    for at in OFFSETS:
        server.script(cut.cut_in_body(at), answer(SEVERAL))
        query = ask(client)
        assert arrived(query.to_arrow()) == expected(["S000"], rows=200), at
        assert query.outcomes[0].attempts == 2, at


@pytest.mark.parametrize("framing", Framing)
def test_a_body_that_is_always_cut_is_never_a_shorter_table(
    server: FaultServer, client: tf.Client, framing: Framing
) -> None:
    whole = answer(SEVERAL, framing=framing)
    for at in sorted({*OFFSETS[::10], *BORDERS}):
        server.script(whole.cut_in_body(at))
        with pytest.raises(
            (errors.TransportError, errors.TruncatedFrameError),
            match=r"cut short|ends inside|empty|neither a Content-Length",
        ):
            ask(client).to_arrow()


@pytest.mark.parametrize("make", [in_http_1_0, lambda body: answer(body, framing=Framing.CLOSE)])
@pytest.mark.parametrize("at", [*BORDERS, len(SEVERAL)])
def test_a_body_that_ends_with_the_connection_is_an_error_at_every_border(
    server: FaultServer, client: tf.Client, make: Callable[[bytes], Response], at: int
) -> None:
    """Also where all of it arrives: nothing tells it from a cut one."""
    server.script(make(SEVERAL).cut_in_body(at))
    with pytest.raises(errors.TransportError, match="neither a Content-Length nor chunks") as raised:
        ask(client).to_arrow()
    assert raised.value.attempts == len(server.received) > 1


@pytest.mark.parametrize("at", BORDERS)
def test_chunks_that_end_between_two_frames_are_an_error(server: FaultServer, client: tf.Client, at: int) -> None:
    """The last chunk, which has no bytes, is missing."""
    head = answer(framing=Framing.CHUNKED).head
    server.script(Response(head, b"%x\r\n%b\r\n" % (at, SEVERAL[:at]), ending=Ending.CLOSED))
    with pytest.raises(errors.TransportError, match="cut short"):
        ask(client).to_arrow()


def test_a_token_that_the_service_repeats_is_masked(
    server: FaultServer, client: tf.Client, caplog: pytest.LogCaptureFixture
) -> None:
    def repeat(request: Received) -> Response:
        return refusal(400, f"the token {request.token} may not do this", X_Token=request.token)

    server.serve(repeat)
    with caplog.at_level(logging.DEBUG), pytest.raises(errors.ServiceError, match="may not do this") as raised:
        ask(client).to_arrow()
    text = "".join(traceback.format_exception(raised.value)) + caplog.text + repr(vars(raised.value))
    assert SECRET not in text


@pytest.mark.parametrize("name", [name for name in ALL if name != "429 with seconds"])
def test_no_fault_leaves_an_unusable_connection(server: FaultServer, name: str) -> None:
    """A connection with an unread rest of a response is not used for the next request."""
    with tf.Client(server.url, token=SECRET, retry_seconds=0.001) as client:
        server.script(ALL[name].response, WHOLE)
        try:
            rows = arrived(ask(client).to_arrow())
        except errors.TickframeError:
            rows = arrived(ask(client).to_arrow())
        assert rows == expected(["S000"])
    server.wait_until_disconnected()
