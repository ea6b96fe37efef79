"""The way of a response from the socket to a DataFrame, relative to receiving its bytes alone.

``python -m benchmarks.transfer ROWS`` serves a response of so many rows until its standard input is closed.
"""

from __future__ import annotations

import http.client
import socket
import sys
import threading

import requests

import tickframe as tf
from benchmarks.frames import SYMBOL, TICKS, make_frame
from benchmarks.markdown import digits, milliseconds, size, table, times
from benchmarks.services import DAY, child_process
from benchmarks.timing import Timing, interleaved

# The rows of a response, the rounds, and the target.
_RESPONSES = ((5_000, 60, 2.5), (100_000, 25, 2.2), (1_000_000, 11, 2.0))

_TICKFRAME, _REQUESTS, _LOOP = "tickframe, to DataFrame", "requests, `.content`", "`recv_into` loop"
_OPEN = f"{_LOOP}, open connection, same buffer"
_HEAD_LENGTH = 4096


def transfer_section() -> str:
    """Time responses of three sizes from the socket to a DataFrame."""
    compared = [row for rows, rounds, target in _RESPONSES for row in _compare(rows, rounds, target)]
    return (
        "## From the socket to a DataFrame\n\nOne response of 10 columns, sent ready-made and at once by a process of "
        "its own. The loop connects, sends the same request, and receives the same bytes into a new buffer. tickframe "
        "and requests use their open connections; a loop on an open connection, into a buffer that exists already, is "
        "shown beside: it neither keeps the bytes nor could be used twice at once.\n\n"
        + table(("response", "method", "median", "relative to the loop", "target"), compared, left=(0, 1))
    )


def _compare(rows: int, rounds: int, target: float) -> list[tuple[str, str, str, str, str]]:
    with child_process("benchmarks.transfer", str(rows)) as (_, output):
        port, length = map(int, output.readline().split())
        timings = _measure(port, length, rows, rounds)
    loop = timings[_LOOP]
    return [
        (
            f"{rows:,} rows, {size(length)}",
            name,
            milliseconds(timing.median),
            times(timing.ratio(loop)),
            f"at most {digits(target)}x" if name == _TICKFRAME else "",
        )
        for name, timing in timings.items()
    ]


def _measure(port: int, length: int, rows: int, rounds: int) -> dict[str, Timing]:
    url = f"http://127.0.0.1:{port}"
    with (
        tf.Client(url, token="t") as client,  # noqa: S106, the server accepts any
        requests.Session() as session,
        socket.create_connection(("127.0.0.1", port)) as connection,
    ):
        query = client.tick_data("LOCAL", SYMBOL, DAY, data_type="TRADES_AND_QUOTES")
        if (received := len(query.to_pandas())) != rows:
            raise ValueError(f"received {received:,} rows of {rows:,}")
        buffer = bytearray(length)
        calls = {
            _TICKFRAME: query.to_pandas,
            _REQUESTS: lambda: session.post(url, data=b"", timeout=60).content,
            _LOOP: lambda: _connect_and_receive(port, bytearray(length)),
            _OPEN: lambda: _receive(connection, buffer),
        }
        return interleaved(calls, rounds)


def _connect_and_receive(port: int, buffer: bytearray) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        _receive(connection, buffer)


def _receive(connection: socket.socket, buffer: bytearray) -> None:
    """Send a request, and receive the head of the response and then its body."""
    connection.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n")
    received = connection.recv(_HEAD_LENGTH)
    while b"\r\n\r\n" not in received:
        received += connection.recv(_HEAD_LENGTH)
    body = received.partition(b"\r\n\r\n")[2]
    view = memoryview(buffer)
    view[: len(body)] = body
    filled = len(body)
    while filled < len(view):
        filled += connection.recv_into(view[filled:])


def _serve(listener: socket.socket, response: bytes) -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_respond, args=(connection, response), daemon=True).start()


def _respond(connection: socket.socket, response: bytes) -> None:
    """Send the response after every request."""
    with connection, connection.makefile("rb") as requests_sent:
        while requests_sent.readline():
            headers = http.client.parse_headers(requests_sent)
            requests_sent.read(int(headers["Content-Length"]))
            connection.sendall(response)


def _main(rows: int) -> None:
    body = make_frame(TICKS, rows).framed
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], len(body), flush=True)
        threading.Thread(target=_serve, args=(listener, head.encode() + body), daemon=True).start()
        sys.stdin.read()


if __name__ == "__main__":
    _main(int(sys.argv[1]))
