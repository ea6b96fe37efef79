"""An HTTP server on loopback that sends the responses of a script."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

OCTET_STREAM = "application/octet-stream"


@dataclass(frozen=True)
class Reply:
    """A response; ``announced`` is a false Content-Length."""

    body: bytes
    status: int = 200
    content_type: str = OCTET_STREAM
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None


@dataclass(frozen=True)
class Received:
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class _QuietServer(ThreadingHTTPServer):
    """Logs nothing about connections that a test breaks."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing."""


class ScriptedServer:
    """Sends each request the next reply, and repeats the last one."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self._replies: list[Reply] = []
        self._server = _QuietServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def reply(self, *replies: Reply) -> None:
        """Set the next replies."""
        self._replies = list(replies)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.do_POST()

            def do_CONNECT(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                scripted.received.append(Received(self.command, self.path, dict(self.headers), body))
                reply = scripted._replies.pop(0) if len(scripted._replies) > 1 else scripted._replies[0]
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.content_type)
                self.send_header("Content-Length", str(len(reply.body) if reply.announced is None else reply.announced))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.announced is not None:
                    self.close_connection = True
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, *arguments: object) -> None:
                """Log nothing."""

        return Handler
