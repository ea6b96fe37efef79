"""Generated responses: their framing, cuts on and off the borders of frames, status and headers."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

import tickframe as tf
from tests.faults.server import Ending, FaultServer, Response
from tests.faults.ticks import SECRET, arrived, ask, expected, framed_ticks
from tickframe import errors

pytestmark = pytest.mark.usefixtures("waits")

HEADERS = {
    "Content-Type": ["application/octet-stream", "text/html", "application/json; charset=x", ""],
    "Connection": ["close", "keep-alive", "Keep-Alive, close"],
    "Retry-After": ["0", "1", "never"],
    "Cache-Control": ["no-store"],
    "X-Odd": ["", "a" * 5000, "\xe4"],
}
STATUSES = [200] * 12 + [204, 206, 301, 400, 404, 429, 500, 503]


@dataclass(frozen=True)
class Generated:
    """A response, and whether all of its rows have to arrive."""

    response: Response
    rows: int
    is_whole: bool


@st.composite
def responses(draw: st.DrawFn) -> Generated:
    """Draw a response of some frames, complete or not."""
    sizes = draw(st.lists(st.integers(0, 30), min_size=1, max_size=4))
    frames = [framed_ticks("S000", size, first=sum(sizes[:at])) for at, size in enumerate(sizes)]
    compressed = draw(st.booleans())
    # As a service that flushes after each frame does.
    pieces = [gzip.compress(frame) for frame in frames] if compressed else frames
    framing = draw(st.sampled_from(["length", "chunks", "close"]))
    version = draw(st.sampled_from(["1.1", "1.1", "1.0"]))
    status = draw(st.sampled_from(STATUSES))
    fields = draw(st.fixed_dictionaries({}, optional={name: st.sampled_from(each) for name, each in HEADERS.items()}))
    if compressed:
        fields["Content-Encoding"] = "gzip"
    if framing == "chunks":
        fields["Transfer-Encoding"] = "chunked"
        if draw(st.booleans()):
            pieces = [bytes([byte]) for byte in b"".join(pieces)[:40]] + [b"".join(pieces)[40:]]
        sent = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece] + [b"0\r\n\r\n"]
    else:
        sent = pieces
        if framing == "length":
            fields["Content-Length"] = str(len(b"".join(pieces)))
    borders = [sum(map(len, sent[:at])) for at in range(len(sent) + 1)]
    whole = borders[-1]
    at = draw(st.one_of(st.just(whole), st.sampled_from(borders), st.integers(0, whole)))
    # The end of HTTP's last chunk is a blank line, which tells nothing more.
    is_cut = at < (whole - 2 if framing == "chunks" else whole)
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    response = Response(
        f"HTTP/{version} {status} Whatever\r\n{head}\r\n".encode("latin-1"),
        b"".join(sent)[:at],
        ending=draw(st.sampled_from([Ending.CLOSED, Ending.RESET])) if at < whole else Ending.CLOSED,
    )
    return Generated(response, sum(sizes), status == 200 and framing != "close" and not is_cut)


def close_delimited(at: int) -> Generated:
    frames = [framed_ticks("S000", 10, first=10 * number) for number in range(2)]
    head = b"HTTP/1.0 200 OK\r\n\r\n"
    return Generated(Response(head, b"".join(frames[:at]), ending=Ending.CLOSED), 20, is_whole=False)


@example(generated=close_delimited(1))
@example(generated=close_delimited(2))
@given(generated=responses())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_response_is_whole_or_an_error(server: FaultServer, generated: Generated) -> None:
    server.script(generated.response)
    with tf.Client(server.url, token=SECRET, retry_seconds=0, read_timeout=20) as client:
        query = ask(client)
        rows: list[tuple[str, int]] | errors.TickframeError
        try:
            rows = arrived(query.to_arrow())
        except errors.TickframeError as error:
            event(type(error).__name__)
            rows = error
    if generated.is_whole:
        assert rows == expected(["S000"], rows=generated.rows)
    else:
        assert isinstance(rows, errors.TickframeError)
