"""The HTTP session, and the errors of failed connections."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import threading
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse, IncompleteRead
from time import monotonic
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from tickframe.errors import TransportError
from tickframe.http.cancellation import current_cancellation
from tickframe.wire.frames import BinaryFile

#: Bytes a second below which a response is too slow; any useful connection is much faster.
MINIMUM_RATE = 100

# Connections to keep open between requests; more threads than that are not expected.
_POOL_SIZE = 256


class SlowResponseError(TimeoutError):
    """The bytes of a response arrived at less than :data:`MINIMUM_RATE` for as long as the read timeout."""


class _RateCheckedResponse(HTTPResponse):
    """A response that fails if its header and body arrive too slowly, on average over the read timeout.

    Only the time spent waiting for bytes counts, and only after the first byte: a service may compute for as
    long as the read timeout, and a large response may take long on a slow line.
    """

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        timeout = sock.gettimeout()
        if timeout is not None:
            # http.client reads header and body through this file.
            self.fp = io.BufferedReader(_RateCheckedFile(self.fp.detach(), timeout))


class _RateCheckedFile(io.RawIOBase):
    """A socket's file that raises :class:`SlowResponseError`."""

    def __init__(self, file: io.RawIOBase, timeout: float) -> None:
        self._file = file
        self._timeout = timeout
        self._begun = False
        self._waited = 0.0
        self._arrived = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        started = monotonic()
        arrived = self._file.readinto(buffer)
        if self._begun:
            self._waited += monotonic() - started
            self._arrived += arrived or 0
        self._begun = True
        if self._waited >= self._timeout and arrived:
            if self._arrived < MINIMUM_RATE * self._timeout:
                raise SlowResponseError(f"{self._arrived:,} bytes in {self._waited:.0f} s")
            self._waited, self._arrived = 0.0, 0
        return arrived

    def close(self) -> None:
        self._file.close()
        super().close()


class _CancellableConnection:
    """A connection that stops waiting for a response when the run is cancelled.

    Attributes
    ----------
    received : http.client.HTTPResponse
        The last response, without urllib3's layers around it.
    """

    sock: socket.socket
    received: HTTPResponse
    # The thread whose request was the last one, and the socket that its response comes from.
    _thread = 0
    _read_from: socket.socket | None = None

    # http.client calls it, and declares a class that it never uses as one.
    def response_class(self, *arguments: Any, **options: Any) -> HTTPResponse:
        """Return a new response, which http.client then reads from the socket."""
        self.received = _RateCheckedResponse(*arguments, **options)
        return self.received

    def request(self, *arguments: Any, **options: Any) -> None:
        current_cancellation().check()
        self._thread, self._read_from = threading.get_ident(), None
        _LAST_USED.connection = self
        super().request(*arguments, **options)  # type: ignore[misc]

    def abort(self) -> None:
        """Close the connection, unless its response was complete: another thread may have taken it over."""
        if self._thread == threading.get_ident():
            sockets = [each for each in (self.sock, self._read_from) if each is not None]
            self.close()  # type: ignore[attr-defined]
            for each in sockets:
                # A closed socket stays open for the files that were made of it.
                if (descriptor := each.detach()) >= 0:
                    socket.close(descriptor)

    def released(self) -> None:
        """Leave the connection to the next request, perhaps in another thread."""
        self._thread, self._read_from = 0, None

    def getresponse(self) -> Any:
        # The connection forgets its socket when a response ends it, perhaps while another thread cancels.
        self._read_from = sock = self.sock
        with current_cancellation().releasing(lambda: sock.shutdown(socket.SHUT_RD)):
            return super().getresponse()  # type: ignore[misc]


class _LastUsed(threading.local):
    connection: _CancellableConnection | None = None


_LAST_USED = _LastUsed()


def abort_request() -> None:
    """Close the connection that this thread has used last, after an interrupt.

    An interrupt may come where nothing else closes it, and its traceback keeps the response open.
    """
    if _LAST_USED.connection is not None:
        _LAST_USED.connection.abort()


class _Connection(_CancellableConnection, urllib3.connection.HTTPConnection):  # type: ignore[misc]
    pass


class _SecureConnection(_CancellableConnection, urllib3.connection.HTTPSConnection):  # type: ignore[misc]
    pass


class _ReleasingPool:
    """A pool that tells a connection when it may be used again."""

    def _put_conn(self, connection: Any) -> None:
        if connection is not None:
            connection.released()
        super()._put_conn(connection)  # type: ignore[misc]


class _Pool(_ReleasingPool, urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(_ReleasingPool, urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """Makes cancellable connections, directly and through proxies, and closes them at once."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        _configure(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> urllib3.ProxyManager:
        manager: urllib3.ProxyManager = super().proxy_manager_for(*arguments, **options)
        _configure(manager)
        return manager


def _configure(manager: urllib3.PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    # Otherwise urllib3 leaves closing to the garbage collector.
    manager.pools.dispose_func = urllib3.HTTPConnectionPool.close


class _Session(requests.Session):
    """Returns redirects like any other response."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: for a target, requests would read the body and parse the address of the redirect."""


def new_session() -> requests.Session:
    """Return a session for many threads that keeps its connections open between requests."""
    session = _Session()
    adapter = _Adapter(pool_maxsize=_POOL_SIZE)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class CredentialHeader(AuthBase):
    """Sends a token or an API key in a header. As ``auth``, it takes precedence over a netrc file."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the header."""
        request.headers[self._name] = self._value
        return request


def open_body(response: requests.Response) -> BinaryFile:
    """Return the body of a response, decompressed, as a readable file.

    Its errors are those of urllib3. At its end the connection is free for the next request.
    """
    connection = response.raw.connection
    if (
        not isinstance(connection, _CancellableConnection)
        or response.raw.chunked
        or "Content-Encoding" in response.headers
    ):
        return _DecodedBody(response.raw)
    return _PlainBody(response.raw, connection.received)


class _DecodedBody:
    """A body in chunks, or compressed."""

    def __init__(self, raw: urllib3.HTTPResponse) -> None:
        self._raw = raw
        self._raw.decode_content = True

    def readinto(self, buffer: memoryview, /) -> int:
        """Read into the start of the buffer and return the number of bytes, 0 at the end."""
        try:
            return int(self._raw.readinto(buffer))
        except ValueError as error:
            # http.client does not expect a negative chunk size.
            raise urllib3.exceptions.ProtocolError("malformed body", error) from error


class _PlainBody:
    """A body that is sent as it is, received in the buffer: urllib3 would copy every byte into it."""

    def __init__(self, raw: urllib3.HTTPResponse, received: HTTPResponse) -> None:
        self._raw = raw
        self._received = received
        # None if the body ends with the connection.
        self._left = raw.length_remaining

    def readinto(self, buffer: memoryview, /) -> int:
        """Read into the start of the buffer and return the number of bytes, 0 at the end."""
        try:
            arrived = self._received.readinto(buffer[: self._left])
            if self._left is not None:
                if self._left and not arrived:
                    raise IncompleteRead(b"", self._left)
                self._left -= arrived
        except TimeoutError as error:
            raise urllib3.exceptions.TimeoutError("read timed out") from error
        except ssl.SSLError as error:
            raise urllib3.exceptions.SSLError(error) from error
        except (HTTPException, OSError) as error:
            raise urllib3.exceptions.ProtocolError(f"connection broken: {error!r}", error) from error
        if self._received.isclosed():
            self._raw.release_conn()
        return arrived


@contextlib.contextmanager
def network_errors(host: str) -> Iterator[None]:
    """Raise the errors of requests and urllib3 as :class:`TransportError`, with their cause."""
    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        # requests reports a malformed URL as a ValueError.
        permanent = isinstance(error, requests.exceptions.ProxyError | requests.exceptions.SSLError | ValueError)
        passing = not permanent or _closed_in_handshake(error)
        _remove_requests(error)
        raise TransportError(f"{_failure(error)} ({host})", passing=passing) from error
    except OSError as error:
        raise TransportError(
            f"cannot read the file given as verify= or cert=: {error} ({host}): check its path", passing=False
        ) from error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes, the innermost last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _remove_requests(error: Exception) -> None:
    """Remove the request, which holds the token or the password, from an error and its causes."""
    for each in _chain(error):
        if isinstance(each, requests.RequestException):
            each.request = each.response = None


def _closed_in_handshake(error: Exception) -> bool:
    """Return whether the other side closed the connection during the TLS handshake, which is transient."""
    *_, innermost = _chain(error)
    return isinstance(innermost, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError)


def _failure(error: Exception) -> str:
    for each in _chain(error):
        if isinstance(each, SlowResponseError):
            return (
                f"response too slow: {each}, the minimum is {MINIMUM_RATE} bytes/s: "
                "check the network, or request less at once"
            )
    match error:
        case requests.exceptions.SSLError() if _closed_in_handshake(error):
            return "connection closed during the TLS handshake: try again"
        case requests.exceptions.ProxyError():
            return "no connection through the proxy: check the proxy's address and password"
        case requests.exceptions.SSLError():
            return "no secure connection: check the certificate, or pass the certificates to trust as verify="
        case requests.exceptions.ConnectTimeout() | urllib3.exceptions.ConnectTimeoutError():
            return "connection timed out: check the address, or raise connect_timeout"
        case requests.exceptions.ReadTimeout() | urllib3.exceptions.TimeoutError():
            return "read timed out: no bytes arrived in time; request less at once, or raise read_timeout"
        case requests.exceptions.ChunkedEncodingError() | urllib3.exceptions.ProtocolError():
            return "the response was cut short: the connection closed before its end; try again"
        case requests.exceptions.ConnectionError():
            return "no connection to the service: check the address and the network"
        case _:
            return f"the request failed with a {type(error).__name__}: check the address and the proxy"
