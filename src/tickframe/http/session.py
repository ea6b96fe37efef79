"""One HTTP session, and what its failures and refusals become."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import socket
import ssl
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from http.client import HTTPResponse
from time import monotonic
from typing import Any, ClassVar

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from tickframe.errors import (
    AuthenticationError,
    PermissionDeniedError,
    RateLimitError,
    ServiceError,
    TransportError,
    UnexpectedContentError,
    UnknownEndpointError,
)
from tickframe.http.cancellation import current_cancellation

#: Bytes a second that an answer must bring once it has begun: far less than the slowest line that is of use.
LEAST_RATE = 100


class SlowAnswerError(TimeoutError):
    """An answer brought too few bytes for as long as the timeout of its connection."""


class PacedResponse(HTTPResponse):
    """An answer whose header and body end, or bring :data:`LEAST_RATE`, on average over the connection's timeout.

    Only the time of waiting for bytes counts, and none of it before the first byte: a service may
    work as long as the timeout allows, and a large answer may take its time on a slow line.
    """

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        timeout = sock.gettimeout()
        if timeout is not None:
            # The socket's own file, by way of which all that arrives is read.
            self.fp = io.BufferedReader(_PacedFile(self.fp.detach(), timeout))


class _PacedFile(io.RawIOBase):
    """A socket's file that watches how fast it is filled."""

    def __init__(self, file: io.RawIOBase, timeout: float) -> None:
        self._file = file
        self._timeout = timeout
        self._begun = False
        self._waited = 0.0
        self._arrived = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        """Fill the buffer from its start.

        Raises
        ------
        SlowAnswerError
            If too little has arrived since the last time that this was looked at.
        """
        asked = monotonic()
        arrived = self._file.readinto(buffer)
        if self._begun:
            self._waited += monotonic() - asked
            self._arrived += arrived or 0
        self._begun = True
        if self._waited >= self._timeout and arrived:
            self._check()
        return arrived

    def _check(self) -> None:
        if self._arrived < LEAST_RATE * self._timeout:
            raise SlowAnswerError(f"{self._arrived:,} bytes in {self._waited:.0f} s")
        self._waited, self._arrived = 0.0, 0

    def close(self) -> None:
        self._file.close()
        super().close()


# Enough for any service's explanation; a page in its place is not read to its end.
_LONGEST_DOCUMENT = 64 * 1024
_LONGEST_DESCRIPTION = 500
# What is shorter is in many a word, and no secret.
_SHORTEST_SECRET = 4

_REFUSALS: dict[int, tuple[type[ServiceError], str]] = {
    401: (AuthenticationError, "the service refused the credentials: check user, password or token"),
    403: (PermissionDeniedError, "the account has no right to this: ask the service for access"),
    404: (UnknownEndpointError, "the service has no such endpoint: check the function, path_template and endpoints"),
    429: (RateLimitError, "the service asks for fewer requests: wait, or ask for less at once"),
}


class _Endable:
    """A connection whose wait for an answer's first byte ends with the run that asked, and whose answers end."""

    sock: socket.socket
    response_class: ClassVar[type[HTTPResponse]] = PacedResponse

    def request(self, *arguments: Any, **options: Any) -> None:
        """Send, unless the run has ended."""
        current_cancellation().check()
        super().request(*arguments, **options)  # type: ignore[misc]

    def getresponse(self) -> Any:
        """Wait for the answer's header."""
        with current_cancellation().releasing(lambda: self.sock.shutdown(socket.SHUT_RD)):
            return super().getresponse()  # type: ignore[misc]


class _Connection(_Endable, urllib3.connection.HTTPConnection):
    pass


class _SecureConnection(_Endable, urllib3.connection.HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """Connects in a way that can be ended, and closes what it has opened."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Prepare for connections to the service."""
        super().init_poolmanager(*arguments, **options)
        _prepare(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> urllib3.ProxyManager:
        """Prepare for connections through a proxy."""
        manager: urllib3.ProxyManager = super().proxy_manager_for(*arguments, **options)
        _prepare(manager)
        return manager


def _prepare(manager: urllib3.PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    # urllib3 leaves that to the garbage collector, and then close() closes nothing yet.
    manager.pools.dispose_func = urllib3.HTTPConnectionPool.close


class _Session(requests.Session):
    """Takes a redirect for an answer like any other."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: requests would read the body and the address even of what it does not follow."""


def new_session(pool_size: int = 256) -> requests.Session:
    """Return a session that keeps connections open between requests, as many as threads may ask at once."""
    session = _Session()
    adapter = _Adapter(pool_connections=pool_size, pool_maxsize=pool_size)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class BearerToken(AuthBase):
    """Sends an access token; as ``auth`` it outweighs what a netrc file holds for the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token into a request that is about to be sent."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Body:
    """An answer's body, to be read as it arrives."""

    def __init__(self, response: requests.Response) -> None:
        self._raw = response.raw
        self._raw.decode_content = True

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer from its start; return how many bytes arrived, 0 at the end."""
        try:
            return int(self._raw.readinto(buffer))
        except ValueError as error:
            # What http.client makes of a chunk of a negative size.
            raise urllib3.exceptions.ProtocolError("the body is malformed", error) from error


@contextlib.contextmanager
def network_errors(host: str) -> Iterator[None]:
    """Turn what requests and urllib3 raise into :class:`TransportError`, the cause kept."""
    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        # A wrong address is a ValueError too; asking again mends none of these.
        lasting = isinstance(error, requests.exceptions.ProxyError | requests.exceptions.SSLError | ValueError)
        passing = not lasting or _broke_while_secured(error)
        _forget_request(error)
        raise TransportError(f"{_failure(error)} ({host})", passing=passing) from error
    except OSError as error:
        raise TransportError(
            f"a file of verify= or cert= cannot be read: {error} ({host}): check its path", passing=False
        ) from error


def _forget_request(error: BaseException | None) -> None:
    """Take the request out of an error and its causes: it holds the token or the password."""
    while error is not None:
        if isinstance(error, requests.RequestException):
            error.request = error.response = None
        error = error.__cause__ or error.__context__


def _broke_while_secured(error: BaseException) -> bool:
    """Say whether a connection broke off in the middle of TLS, which is no fault of a certificate."""
    while error.__context__ is not None:
        error = error.__context__
    return isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError)


def _slowness(error: BaseException | None) -> SlowAnswerError | None:
    """Return what was too slow, if that is what an error is about."""
    while error is not None and not isinstance(error, SlowAnswerError):
        error = error.__cause__ or error.__context__
    return error


def _failure(error: Exception) -> str:
    if (slow := _slowness(error)) is not None:
        return (
            f"the answer trickled: {slow}, less than {LEAST_RATE} a second: check the network, or ask for less at once"
        )
    match error:
        case requests.exceptions.SSLError() if _broke_while_secured(error):
            return "the connection broke while it was being secured: ask again"
        case requests.exceptions.ProxyError():
            return "the proxy did not let the request through: check the proxy's address and password"
        case requests.exceptions.SSLError():
            return "the secure connection could not be made: check the certificate, or name what to trust as verify="
        case requests.exceptions.ConnectTimeout() | urllib3.exceptions.ConnectTimeoutError():
            return "the service did not take the connection in time: check the address, or raise connect_timeout"
        case requests.exceptions.ReadTimeout() | urllib3.exceptions.ReadTimeoutError():
            return "the service stopped answering: no byte arrived in time; ask for less at once, or raise read_timeout"
        case requests.exceptions.ChunkedEncodingError() | urllib3.exceptions.ProtocolError():
            return "the answer was cut short: the connection broke inside it, ask again"
        case requests.exceptions.ConnectionError():
            return "no connection to the service: check the address and the network"
        case _:
            return f"the request failed with {type(error).__name__}, its cause: check the address and the proxy"


def raise_for_answer(
    response: requests.Response, expected_type: str, *, reference_id: str = "", secrets: Sequence[str] = ()
) -> None:
    """Raise what a refusal, a redirect or a page means; return on an answer of the expected type.

    Parameters
    ----------
    response
        The answer, its body not yet read.
    expected_type
        The content type it should have; an answer that names none passes.
    reference_id
        Our name of the request, kept in the error.
    secrets
        What the service's words may repeat and the error may not.

    Raises
    ------
    ServiceError
        What the status or the content type stands for.
    TransportError
        If there is a header of another kind and nothing behind it.
    """
    status = response.status_code
    content_type = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    where: dict[str, Any] = {
        "status": status,
        "request_id": reference_id,
        "retry_after": _seconds_to_wait(response.headers.get("Retry-After", "")),
    }
    if status == requests.codes.ok:
        if content_type in ("", expected_type):
            return
        description = _description(response, secrets)
        if not response.raw.tell():
            # http.client takes the connection's end inside a header for the header's end.
            raise TransportError("the answer was cut short: the connection ended behind its header, ask again")
        said = f", which says: {description}" if description else ""
        raise UnexpectedContentError(
            f"the service answered 200 with {content_type} in place of {expected_type}{said}: "
            "check base_url, and whether a proxy or a login page stands between",
            description=description,
            **where,
        )
    description = _description(response, secrets)
    kind, meaning = _REFUSALS.get(status, (ServiceError, _other_status(status)))
    said = f"; it says: {description}" if description else ""
    raise kind(f"HTTP {status}: {meaning}{said}", description=description, **where)


def _seconds_to_wait(retry_after: str) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds, or a date."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())


def _other_status(status: int) -> str:
    if 300 <= status < 400:
        return "the service redirects, which is not followed since the token would travel along: check base_url"
    if status >= 500:
        return "the service failed: ask again later, and quote the request id to its support if it stays"
    return "the service refused the request: check its arguments"


def _description(response: requests.Response, secrets: Sequence[str]) -> str:
    """Return the service's own words out of a JSON body; empty where the body is anything else."""
    try:
        words = read_json(response).get("error_description")
    except (UnexpectedContentError, OSError, urllib3.exceptions.HTTPError):
        return ""
    said = str(words)[:_LONGEST_DESCRIPTION] if words else ""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            said = said.replace(secret, "***")
    return said


def read_json(response: requests.Response) -> dict[str, Any]:
    """Read a body that should be a JSON object.

    Raises
    ------
    UnexpectedContentError
        If it is anything else; the body is not shown, since it may hold a token.
    """
    try:
        body = response.raw.read(_LONGEST_DOCUMENT, decode_content=True)
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    finally:
        response.close()
    if not isinstance(document, dict):
        raise UnexpectedContentError(
            "the service answered with something other than a JSON object: check base_url", status=response.status_code
        )
    return document
