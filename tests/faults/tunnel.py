"""A proxy that opens tunnels to a service (CONNECT), and refuses some of them."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


def connect_refusal(status: int, body: bytes = b"") -> bytes:
    """Return a response to CONNECT."""
    return b"HTTP/1.1 %d Whatever\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


class TunnellingProxy:
    """Answers CONNECT with a refusal, or connects to a service on this machine.

    Parameters
    ----------
    service
        The address of the service, whatever the client asks for.
    refuse
        Called for each CONNECT: the bytes of a refusal, none of which close the connection, or None to connect.

    Attributes
    ----------
    url : str
        Its address.
    connects : int
        The number of requests to connect.
    """

    def __init__(self, service: str, refuse: Callable[[], bytes | None]) -> None:
        self.connects = 0
        self._service = ("127.0.0.1", int(service.rpartition(":")[2]))
        self._refuse = refuse
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # close() alone does not end accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        threads: list[threading.Thread] = []
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            with self._lock:
                self._open.add(connection)
            threads = [*(each for each in threads if each.is_alive())]
            threads.append(threading.Thread(target=self._converse, args=(connection,)))
            threads[-1].start()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()

    def _converse(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            asked = b""
            while not asked.endswith(b"\r\n\r\n"):
                if not (received := client.recv(1000)):
                    break
                asked += received
            else:
                with self._lock:
                    self.connects += 1
                    refused = self._refuse()
                if refused is None:
                    self._tunnel(client)
                else:
                    client.sendall(refused)
        with self._lock:
            self._open.discard(client)

    def _tunnel(self, client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 Connected\r\n\r\n")
        with socket.create_connection(self._service) as service:
            while True:
                ready, _, _ = select.select([client, service], [], [])
                for side, other in ((client, service), (service, client)):
                    if side in ready:
                        passed = side.recv(65_536)
                        if not passed:
                            return
                        other.sendall(passed)
