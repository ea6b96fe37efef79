"""The HTTP session, and the errors of failed connections."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator
from functools import partial
from http.client import HTTPException, HTTPResponse, IncompleteRead, parse_headers
from time import monotonic
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from tickframe.errors import TransportError
from tickframe.http.cancellation import current_cancellation
from tickframe.http.retry import TRANSIENT_STATUSES
from tickframe.redaction import without_secrets
from tickframe.wire.frames import BinaryFile

#: Bytes a second below which a response is too slow; any useful connection is much faster.
MINIMUM_RATE = 100

# Connections to keep open between requests; more threads than that are not expected.
_POOL_SIZE = 256
# Bytes of a compressed body that are read at once, and zlib's number for gzip with a header.
_COMPRESSED = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS

# 101 is final: it answers an upgrade, which is never requested.
_INTERIM_STATUSES = frozenset(range(100, 200)) - {101}
# Bytes in interim responses and headers together, and in trailers.
_MAXIMUM_LINES = 256 * 1024


class SlowResponseError(TimeoutError):
    """The bytes of a response arrived at less than :data:`MINIMUM_RATE` for as long as the stall timeout."""


class TunnelRefusedError(OSError):
    """A proxy has refused to connect to the service.

    Attributes
    ----------
    status : int
        The HTTP status of its response to CONNECT.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"the proxy answered HTTP {status}")
        self.status = status


class StalledResponseError(TimeoutError):
    """A response has begun, and nothing more of it arrived for as long as the stall timeout."""


class EndlessLinesError(HTTPException):
    """The interim responses, the headers or the trailers of a response do not end."""


class _TimedResponse(HTTPResponse):
    """A response whose reads time out.

    The timeout of the socket, the read timeout, covers everything until the service begins to respond: interim
    responses together, and the first byte of the body after the headers. From then on no wait may be longer than the
    stall timeout, nor may the bytes arrive at less than :data:`MINIMUM_RATE` on average over that time. A large
    response may take long on a slow line.
    """

    def __init__(self, sock: socket.socket, *arguments: Any, stall_timeout: float, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        # Known before the headers, and for a response to CONNECT, of which http.client keeps nothing.
        self.final_status: int | None = None
        read_timeout = sock.gettimeout() or stall_timeout
        self._deadline = monotonic() + read_timeout
        self._stall_timeout = min(read_timeout, stall_timeout)
        self._arrivals = _TimedFile(self.fp.detach(), sock, self._stall_timeout)
        # http.client and urllib3 read the header and the body through this file.
        self.fp = self._lines = _LineLimitedReader(self._arrivals)

    def _read_status(self) -> tuple[str, int, str]:
        """Skip interim responses (RFC 9110, 15.2), of which http.client skips only 100."""
        while True:
            self._arrivals.await_first_byte(self._deadline)
            version, status, reason = super()._read_status()  # type: ignore[misc]  # typeshed omits it
            if status not in _INTERIM_STATUSES:
                self.final_status = status
                return version, status, reason
            parse_headers(self.fp)

    def begin(self) -> None:
        """Read the status and the headers."""
        super().begin()
        if self._arrivals.total == self._lines.total:
            # A service may send the headers first, and then compute.
            self._arrivals.await_first_byte(max(self._deadline, monotonic() + self._stall_timeout))


class _TimedFile(io.RawIOBase):
    """A socket's file that raises :class:`StalledResponseError` and :class:`SlowResponseError`.

    Only the time spent waiting for bytes counts for the rate.

    Attributes
    ----------
    total : int
        The number of bytes that have arrived.
    """

    def __init__(self, file: io.RawIOBase, sock: socket.socket, stall_timeout: float) -> None:
        self._file = file
        self._sock = sock
        self._stall_timeout = stall_timeout
        self._begun = False
        self._waited = 0.0
        self._arrived = 0
        self.total = 0

    def await_first_byte(self, deadline: float) -> None:
        """Let the next byte arrive until a moment of the monotonic clock.

        Raises
        ------
        TimeoutError
            If it has passed.
        """
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        if not self._begun:
            arrived = self._file.readinto(buffer)
            self._begun = True
            self._sock.settimeout(self._stall_timeout)
        else:
            arrived = self._read_in_time(buffer)
        self.total += arrived or 0
        return arrived

    def _read_in_time(self, buffer: Any) -> int | None:
        started = monotonic()
        try:
            arrived = self._file.readinto(buffer)
        except TimeoutError as error:
            raise StalledResponseError(f"nothing arrived for {self._stall_timeout:.0f} s") from error
        self._waited += monotonic() - started
        self._arrived += arrived or 0
        if self._waited >= self._stall_timeout and arrived:
            if self._arrived < MINIMUM_RATE * self._stall_timeout:
                raise SlowResponseError(f"{self._arrived:,} bytes in {self._waited:.0f} s")
            self._waited, self._arrived = 0.0, 0
        return arrived

    def close(self) -> None:
        self._file.close()
        super().close()


class _LineLimitedReader(io.BufferedReader):
    """Raises :class:`EndlessLinesError` for too many lines without data between them.

    Attributes
    ----------
    total : int
        The number of bytes in all lines.
    """

    def __init__(self, file: io.RawIOBase) -> None:
        super().__init__(file)
        self.total = 0
        self._data_at = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self.total += len(line)
        if self.total - self._data_at > _MAXIMUM_LINES:
            raise EndlessLinesError
        return line

    def read(self, size: int | None = -1, /) -> bytes:
        # The data of a chunk, whose length is a line.
        self._data_at = self.total
        return super().read(size)


class _CancellableConnection:
    """A connection that stops waiting for a response when the run is cancelled.

    Attributes
    ----------
    received : http.client.HTTPResponse or None
        The last response, without urllib3's layers around it; None before the first one.
    """

    sock: socket.socket
    # The thread whose request was the last one, and the socket that its response comes from.
    _thread = 0
    _read_from: socket.socket | None = None

    def __init__(self, *arguments: Any, stall_timeout: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._stall_timeout = stall_timeout
        self.received: _TimedResponse | None = None

    # http.client calls it, and declares a class that it never uses as one.
    def response_class(self, *arguments: Any, **options: Any) -> HTTPResponse:
        """Return a new response, which http.client then reads from the socket."""
        self.received = _TimedResponse(*arguments, stall_timeout=self._stall_timeout, **options)
        return self.received

    def request(self, *arguments: Any, **options: Any) -> None:
        current_cancellation().check()
        self._thread, self._read_from = threading.get_ident(), None
        _LAST_USED.connection = self
        super().request(*arguments, **options)  # type: ignore[misc]

    def _tunnel(self) -> None:
        try:
            super()._tunnel()  # type: ignore[misc]
        except OSError as error:
            status = self.received.final_status if self.received is not None else None
            if status is None or status == requests.codes.ok:
                raise
            raise TunnelRefusedError(status) from error

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

    def __init__(self, stall_timeout: float) -> None:
        self._stall_timeout = stall_timeout
        super().__init__(pool_maxsize=_POOL_SIZE)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self._configure(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> urllib3.ProxyManager:
        manager: urllib3.ProxyManager = super().proxy_manager_for(*arguments, **options)
        self._configure(manager)
        return manager

    def _configure(self, manager: urllib3.PoolManager) -> None:
        # A pool passes the options that it does not know to its connections.
        manager.pool_classes_by_scheme = {
            "http": partial(_Pool, stall_timeout=self._stall_timeout),  # type: ignore[dict-item]  # only called
            "https": partial(_SecurePool, stall_timeout=self._stall_timeout),  # type: ignore[dict-item]  # only called
        }
        # Otherwise urllib3 leaves closing to the garbage collector.
        manager.pools.dispose_func = urllib3.HTTPConnectionPool.close


class _Session(requests.Session):
    """Returns redirects like any other response."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: for a target, requests would read the body and parse the address of the redirect."""


def new_session(stall_timeout: float) -> requests.Session:
    """Return a session for many threads that keeps its connections open between requests.

    Parameters
    ----------
    stall_timeout
        Seconds to wait for more of a response that has begun, at most the read timeout.
    """
    session = _Session()
    adapter = _Adapter(stall_timeout)
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
    if response.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip"):
        return _GzipBody(response.raw)
    connection = response.raw.connection
    received = connection.received if isinstance(connection, _CancellableConnection) else None
    if received is None or response.raw.chunked or "Content-Encoding" in response.headers:
        return _DecodedBody(response.raw)
    return _PlainBody(response.raw, received)


def announces_its_end(response: requests.Response) -> bool:
    """Return whether a response, its body not yet read, says where its body ends, by a length or in chunks.

    Otherwise the body ends with the connection, so that a part of it looks like all of it (RFC 9112, 6.3 and 8).
    """
    raw = response.raw
    # Only http.client knows whether it reads chunks: it ignores any other Transfer-Encoding than "chunked".
    connection = raw.connection
    received = connection.received if isinstance(connection, _CancellableConnection) else None
    chunked = raw.chunked if received is None else received.chunked
    return bool(chunked) or raw.length_remaining is not None


class _DecodedBody:
    """A body in chunks, or compressed with another method than gzip."""

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


class _GzipBody:
    """A body compressed with gzip, all members of which have to be complete: urllib3 drops those that are damaged."""

    def __init__(self, raw: urllib3.HTTPResponse) -> None:
        self._raw = raw
        self._raw.decode_content = False
        self._member = zlib.decompressobj(_GZIP)
        self._compressed = b""
        self._is_inside = False

    def readinto(self, buffer: memoryview, /) -> int:
        """Read into the start of the buffer and return the number of bytes, 0 at the end."""
        decoded = b""
        while len(buffer) and not decoded:
            self._compressed = self._compressed or self._received()
            if not self._compressed:
                if self._is_inside:
                    raise urllib3.exceptions.ProtocolError("the gzip stream is incomplete")
                return 0
            try:
                decoded = self._member.decompress(self._compressed, len(buffer))
            except zlib.error as error:
                raise urllib3.exceptions.DecodeError(f"the gzip stream is damaged: {error}") from error
            self._is_inside = not self._member.eof
            self._compressed = self._member.unconsumed_tail
            if self._member.eof:
                self._compressed = self._member.unused_data
                self._member = zlib.decompressobj(_GZIP)
        buffer[: len(decoded)] = decoded
        return len(decoded)

    def _received(self) -> bytes:
        try:
            return bytes(self._raw.read(_COMPRESSED))
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
    """Raise errors of requests and urllib3 as :class:`TransportError`, with their cause, and all without secrets."""
    with without_secrets(), _transport_errors(host):
        yield


@contextlib.contextmanager
def _transport_errors(host: str) -> Iterator[None]:
    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        # requests reports a malformed URL as a ValueError.
        permanent = isinstance(error, requests.exceptions.ProxyError | requests.exceptions.SSLError | ValueError)
        passing = not permanent or _closed_in_handshake(error) or _refused_tunnel_in_passing(error)
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


def _refused_tunnel_in_passing(error: Exception) -> bool:
    """Return whether a proxy has refused to connect with a transient status."""
    return any(isinstance(each, TunnelRefusedError) and each.status in TRANSIENT_STATUSES for each in _chain(error))


def _failure(error: Exception) -> str:
    for each in _chain(error):
        if isinstance(each, TunnelRefusedError):
            return f"no connection through the proxy: {each}: check the proxy's address, password and rules"
        if isinstance(each, SlowResponseError):
            return (
                f"response too slow: {each}, the minimum is {MINIMUM_RATE} bytes/s: "
                "check the network, or request less at once"
            )
        if isinstance(each, StalledResponseError):
            return f"read timed out: the response stalled, {each}: check the network, or raise stall_timeout"
        if isinstance(each, EndlessLinesError):
            return (
                f"the response has more than {_MAXIMUM_LINES:,} bytes of headers or trailers: check base_url and the "
                "proxy"
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
            return "read timed out: the service did not respond in time; request less at once, or raise read_timeout"
        case requests.exceptions.ChunkedEncodingError() | urllib3.exceptions.ProtocolError():
            return "the response was cut short: the connection closed before its end; try again"
        case requests.exceptions.ConnectionError():
            return "no connection to the service: check the address and the network"
        case _:
            return f"the request failed with a {type(error).__name__}: check the address and the proxy"
