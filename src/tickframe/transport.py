"""One HTTP session, and what its failures and refusals become."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import socket
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from tickframe.cancellation import current_cancellation
from tickframe.errors import (
    AuthenticationError,
    PermissionDeniedError,
    RateLimitError,
    ServiceError,
    TransportError,
    UnexpectedContentError,
    UnknownEndpointError,
)

__all__ = ["BearerToken", "network_errors", "new_session", "raise_for_answer"]

# Enough for any service's explanation; a page in its place is not read to its end.
_LONGEST_REFUSAL = 64 * 1024
_LONGEST_DESCRIPTION = 500

_REFUSALS: dict[int, tuple[type[ServiceError], str]] = {
    401: (AuthenticationError, "the service refused the credentials: check user, password or token"),
    403: (PermissionDeniedError, "the account has no right to this: ask the service for access"),
    404: (UnknownEndpointError, "the service has no such endpoint: check the function, path_template and endpoints"),
    429: (RateLimitError, "the service asks for fewer requests: wait, or ask for less at once"),
}


class _Endable:
    """A connection whose wait for an answer's first byte ends with the run that asked."""

    sock: socket.socket

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


def new_session(pool_size: int = 10) -> requests.Session:
    """Return a session that keeps connections open between requests."""
    session = requests.Session()
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


@contextlib.contextmanager
def network_errors(host: str) -> Iterator[None]:
    """Turn what requests and urllib3 raise into :class:`TransportError`, the cause kept."""
    try:
        yield
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        passing = not isinstance(error, requests.exceptions.ProxyError | requests.exceptions.SSLError)
        raise TransportError(f"{_failure(error)} ({host})", passing=passing) from error


def _failure(error: Exception) -> str:
    match error:
        case requests.exceptions.ProxyError():
            return "the proxy did not let the request through: check the proxy's address and password"
        case requests.exceptions.SSLError():
            return "the secure connection could not be made: check the certificate"
        case requests.exceptions.ConnectTimeout() | urllib3.exceptions.ConnectTimeoutError():
            return "the service did not take the connection in time"
        case requests.exceptions.ReadTimeout() | urllib3.exceptions.ReadTimeoutError():
            return "the service stopped answering: no byte arrived in time"
        case requests.exceptions.ChunkedEncodingError() | urllib3.exceptions.ProtocolError():
            return "the answer was cut short: the connection broke inside it"
        case requests.exceptions.ConnectionError():
            return "no connection to the service: check the address and the network"
        case _:
            return f"the request failed with {type(error).__name__}"


def raise_for_answer(response: requests.Response, expected_type: str, *, reference_id: str = "") -> None:
    """Raise what a refusal, a redirect or a page means; return on an answer of the expected type.

    Parameters
    ----------
    response
        The answer, its body not yet read.
    expected_type
        The content type it should have; an answer that names none passes.
    reference_id
        Our name of the request, kept in the error.
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
        description = _description(response)
        said = f", which says: {description}" if description else ""
        raise UnexpectedContentError(
            f"the service answered 200 with {content_type} in place of {expected_type}{said}: "
            "check base_url, and whether a proxy or a login page stands between",
            description=description,
            **where,
        )
    description = _description(response)
    kind, meaning = _REFUSALS.get(status, (ServiceError, _other_status(status)))
    said = f"; it says: {description}" if description else ""
    raise kind(f"HTTP {status}: {meaning}{said}", description=description, **where)


def _seconds_to_wait(retry_after: str) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3): seconds, or a date."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())


def _other_status(status: int) -> str:
    if 300 <= status < 400:
        return "the service redirects, which is not followed since the token would travel along: check base_url"
    if status >= 500:
        return "the service failed: ask again later, and quote the request id to its support if it stays"
    return "the service refused the request"


def _description(response: requests.Response) -> str:
    """Return the service's own words out of a JSON body; empty where the body is anything else."""
    try:
        body = response.raw.read(_LONGEST_REFUSAL, decode_content=True)
        document = json.loads(body)
    except (ValueError, OSError, urllib3.exceptions.HTTPError):
        return ""
    finally:
        response.close()
    words = document.get("error_description") if isinstance(document, dict) else None
    return str(words)[:_LONGEST_DESCRIPTION] if words else ""
