"""A server on loopback that resets connections, stalls, and cuts or falsifies responses.

Unlike the server of an HTTP library it writes every byte itself, so that it can end a response anywhere.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import io
import itertools
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import TracebackType
from typing import Self

OCTET_STREAM = "application/octet-stream"
TOKEN_PATH = "/auth/oauth/token"


class Framing(Enum):
    """How HTTP marks the end of a body."""

    LENGTH = auto()
    CLOSE = auto()
    CHUNKED = auto()


class Ending(Enum):
    """What happens to the connection after the last byte."""

    KEPT = auto()
    CLOSED = auto()
    RESET = auto()
    STALLED = auto()


@dataclass(frozen=True)
class Response:
    """The response to one request, and how to send it.

    Attributes
    ----------
    head, body
        The bytes of the complete response.
    sent
        The number of bytes to send; None for all.
    ending
        What follows them.
    seconds_between_pieces
        The pause after each piece of the body; 0 sends the body at once.
    piece
        The number of bytes of a piece.
    """

    head: bytes
    body: bytes = b""
    sent: int | None = None
    ending: Ending = Ending.KEPT
    seconds_between_pieces: float = 0.0
    piece: int = 1

    def cut_in_body(self, at: int, ending: Ending = Ending.CLOSED) -> Response:
        """Return this response, ending after some bytes of its body."""
        return dataclasses.replace(self, sent=len(self.head) + at, ending=ending)

    def cut_in_head(self, ending: Ending) -> Response:
        """Return this response, ending in the middle of its headers."""
        return dataclasses.replace(self, sent=len(self.head) // 2, ending=ending)

    def byte_by_byte(self) -> Response:
        """Return this response, sent one byte at a time, headers included."""
        return dataclasses.replace(self, head=b"", body=self.head + self.body, seconds_between_pieces=0.001)

    def before_any_byte(self, ending: Ending) -> Response:
        """Return a response of which no byte is sent."""
        return dataclasses.replace(self, sent=0, ending=ending)


def answer(
    body: bytes = b"",
    status: int = 200,
    *,
    content_type: str = OCTET_STREAM,
    framing: Framing = Framing.LENGTH,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a complete response."""
    fields = {"Content-Type": content_type, **(headers or {})}
    match framing:
        case Framing.LENGTH:
            fields.setdefault("Content-Length", str(len(body)))
        case Framing.CLOSE:
            fields["Connection"] = "close"
        case Framing.CHUNKED:
            fields["Transfer-Encoding"] = "chunked"
            body = b"".join(_chunks(body)) + b"0\r\n\r\n"
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in fields.items())]
    ending = Ending.CLOSED if framing is Framing.CLOSE else Ending.KEPT
    return Response("\r\n".join([*lines, "", ""]).encode("latin-1"), body, ending=ending)


def compressed(body: bytes, framing: Framing = Framing.LENGTH) -> Response:
    """Return a complete response, compressed with gzip."""
    return answer(gzip.compress(body), framing=framing, headers={"Content-Encoding": "gzip"})


def refusal(status: int, description: str = "", **headers: str) -> Response:
    """Return an error response with a description; ``Retry_After=`` sets the header ``Retry-After``."""
    document = {"error_description": description} if description else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer(json.dumps(document).encode(), status, content_type="application/json", headers=named)


def page(status: int = 200) -> Response:
    """Return a web page, as from a proxy or a login form."""
    return answer(b"<html><body>Please log in</body></html>", status, content_type="text/html")


def grant(token: str, seconds: float = 43_199) -> Response:
    """Return the response to a request for a token."""
    document = {"access_token": token, "token_type": "bearer", "expires_in": seconds}
    return answer(json.dumps(document).encode(), content_type="application/json")


def _chunks(body: bytes, size: int = 1000) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        chunk = body[start : start + size]
        yield b"%x\r\n%b\r\n" % (len(chunk), chunk)


@dataclass(frozen=True)
class Received:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str:
        """The bearer token."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


class FaultServer:
    """Answers requests for data from a script or with a function, and grants tokens.

    Attributes
    ----------
    url : str
        Its address.
    received : list of Received
        All requests except those for tokens.
    granted : list of str
        All tokens in the order of the grants.
    token_seconds : float
        The announced lifetime of tokens.
    connections : int
        The number of accepted connections.
    """

    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.received: list[Received] = []
        self.granted: list[str] = []
        self.token_seconds = 43_199.0
        self.connections = 0
        self.on_connection: Callable[[int], Ending] = lambda _number: Ending.KEPT
        self.on_grant: Callable[[Received], Response] = self._grant
        self._context = context
        self._answer: Callable[[Received], Response] = lambda _request: refusal(404)
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._closed = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._acceptor = threading.Thread(target=self._accept, name="fault-server", daemon=True)

    def script(self, *responses: Response) -> None:
        """Answer with these responses in turn, and then with the last one again."""
        turns = itertools.chain(responses, itertools.repeat(responses[-1]))
        lock = threading.Lock()

        def next_response(_request: Received) -> Response:
            with lock:
                return next(turns)

        self._answer = next_response

    def serve(self, answer_to: Callable[[Received], Response]) -> None:
        """Answer each request with a function, which several threads may call at once."""
        self._answer = answer_to

    def wait_for_requests(self, count: int, seconds: float = 20.0) -> None:
        """Wait until this number of requests has arrived."""
        with self._changed:
            arrived = self._changed.wait_for(lambda: len(self.received) >= count, seconds)
        assert arrived, f"{len(self.received)} of {count} requests arrived"

    def wait_until_disconnected(self, seconds: float = 20.0) -> None:
        """Wait until no connection is open."""
        with self._changed:
            disconnected = self._changed.wait_for(lambda: not self._open, seconds)
        assert disconnected, f"{len(self._open)} connections are open"

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections and wait for their threads."""
        self._closed.set()
        # close() alone does not end accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            if self.on_connection(self.connections) is Ending.RESET:
                # During a TLS handshake or a request.
                connection.recv(1)
                _reset(connection)
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._converse, args=(connection,), daemon=True)
            with self._changed:
                self._open.add(connection)
                self._threads = [*(each for each in self._threads if each.is_alive()), thread]
                thread.start()

    def _converse(self, connection: socket.socket) -> None:
        try:
            if self._context is not None:
                connection = self._secured(connection, self._context)
            with connection.makefile("rb") as reader:
                while (request := _read_request(reader)) is not None:
                    if not self._reply(connection, self._answer_to(request)):
                        return
        except (OSError, ValueError):
            # The client closed the connection.
            pass
        finally:
            connection.close()
            with self._changed:
                self._open.discard(connection)
                self._changed.notify_all()

    def _secured(self, connection: socket.socket, context: ssl.SSLContext) -> socket.socket:
        with self._changed:
            self._open.discard(connection)
        secured = context.wrap_socket(connection, server_side=True)
        with self._changed:
            self._open.add(secured)
        return secured

    def _answer_to(self, request: Received) -> Response:
        if request.path == TOKEN_PATH:
            return self.on_grant(request)
        with self._changed:
            self.received.append(request)
            self._changed.notify_all()
        return self._answer(request)

    def _grant(self, _request: Received) -> Response:
        with self._lock:
            token = f"granted-t0k3n-{len(self.granted) + 1}"
            self.granted.append(token)
        return grant(token, self.token_seconds)

    def _reply(self, connection: socket.socket, reply: Response) -> bool:
        """Send a response; return whether the connection stays open."""
        content = (reply.head + reply.body)[: reply.sent]
        if reply.seconds_between_pieces:
            connection.sendall(content[: len(reply.head)])
            for start in range(len(reply.head), len(content), reply.piece):
                if self._closed.wait(reply.seconds_between_pieces):
                    return False
                connection.sendall(content[start : start + reply.piece])
        else:
            connection.sendall(content)
        match reply.ending:
            case Ending.KEPT:
                return True
            case Ending.RESET:
                _reset(connection)
            case Ending.STALLED:
                # Until the client or the server closes the connection.
                connection.recv(1)
        return False


def _reset(connection: socket.socket) -> None:
    """Close with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _read_request(reader: io.BufferedReader) -> Received | None:
    """Read a request; return None if the client closed the connection."""
    first = reader.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while line := reader.readline().strip().decode("latin-1"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", 0))
    body = reader.read(length)
    return Received(first[0], first[1], headers, body) if len(body) == length else None
