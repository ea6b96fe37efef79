"""The service: one framed request over HTTP, with its token, retries and errors."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import requests

from tickframe.errors import (
    FrameMarkerError,
    ServiceError,
    TickframeError,
    TransportError,
    UnexpectedContentError,
    UnknownEndpointError,
)
from tickframe.http.auth import Token, token_provider
from tickframe.http.cancellation import Cancellation
from tickframe.http.refusals import framed_body, raise_for_status, read_json
from tickframe.http.retry import RetryQuota, SharedPause, retry
from tickframe.http.session import CredentialHeader, abort_request, network_errors, new_session
from tickframe.plan.part import Part
from tickframe.process import OwningProcess
from tickframe.settings import Settings, host_of
from tickframe.wire.frames import write_frame
from tickframe.wire.limits import ResponseLimit
from tickframe.wire.reader import Response, joined, read_responses

_Result = TypeVar("_Result")

_OCTET_STREAM = "application/octet-stream"
#: What an error before the first response adds.
FIRST_CONTACT_HINT = (
    "; the service has sent this client no data yet: `tickframe check --discover` finds the settings that it needs"
)


class Service:
    """The service. Threads can share it, and it can be used after a fork."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        # Whether a request for data has succeeded, so that the settings are right.
        self._has_answered = False
        self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _connect(self) -> None:
        self._session = new_session(self.settings.stall_timeout)
        self._tokens = token_provider(self.settings, self._session)
        self._pause = SharedPause()
        self._quota = RetryQuota()
        self._owner = OwningProcess()

    def _connect_after_fork(self) -> None:
        """Replace connections of the parent: two processes on one connection would read each other's responses."""
        # Without the lock first, since a thread of the parent may have held it during the fork.
        if not self._owner.is_current():
            with self._lock:
                if not self._owner.is_current():
                    self._connect()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def answer(self, part: Part, cancellation: Cancellation) -> Response:
        """Return the complete response to a part; transient failures are retried.

        Parameters
        ----------
        part
            The request.
        cancellation
            Ends the attempts.

        Raises
        ------
        TransportError, ServiceError, FrameError, DecodeError
            The failure of the last attempt.
        SettingsError
            If the account is incomplete.
        Cancelled
            If the run was cancelled.
        """
        self._connect_after_fork()
        try:
            with self._first_contact():
                response = self._retry(
                    lambda attempts: joined(self._request(part, cancellation), attempts), cancellation
                )
        except TickframeError as error:
            error.part = str(part)
            raise
        self._has_answered = True
        return response

    @contextlib.contextmanager
    def _first_contact(self) -> Iterator[None]:
        """Add to an error before the first data that an inferred setting may be wrong for this service."""
        try:
            yield
        except TickframeError as error:
            if not self._has_answered and _may_be_of_settings(error):
                error.message += FIRST_CONTACT_HINT
            raise

    def sign_in(self) -> None:
        """Request a token unless there is one.

        Raises
        ------
        TransportError, ServiceError, SettingsError
            As for :meth:`answer`, after one attempt.
        """
        self._connect_after_fork()
        with self._first_contact():
            self._tokens.token()

    def user(self) -> dict[str, Any]:
        """Return the service's description of the account; transient failures are retried.

        Raises
        ------
        TransportError, ServiceError, SettingsError
            As for :meth:`answer`.
        """
        self._connect_after_fork()
        with self._first_contact():
            return self._retry(lambda _attempts: self._request_user(), Cancellation())

    @contextlib.contextmanager
    def exchange(self, part: Part, cancellation: Cancellation, reference_id: str = "") -> Iterator[requests.Response]:
        """Send a request once, and return the response as it comes, its body not yet read.

        Raises
        ------
        TransportError, ServiceError, SettingsError
            If there is no token or no response. A response of any status is returned.
        """
        self._connect_after_fork()
        settings = self.settings
        message = part.to_message(reference_id, settings.request_format)
        url = settings.base_url + settings.path_of(part.function, part.endpoint, part.source)
        body = write_frame(message.SerializeToString())
        with (
            cancellation.active(),
            network_errors(settings.host),
            self._send("POST", url, body) as response,
            cancellation.releasing(response.raw.shutdown),
        ):
            yield response

    @contextlib.contextmanager
    def user_exchange(self) -> Iterator[requests.Response]:
        """Ask for the account; as :meth:`exchange`."""
        self._connect_after_fork()
        url = self.settings.user_url
        with network_errors(host_of(url)), self._send("GET", url) as response:
            yield response

    def _retry(self, request: Callable[[int], _Result], cancellation: Cancellation) -> _Result:
        return retry(request, self.settings.retry_seconds, self._pause, self._quota, cancellation)

    def _request_user(self) -> dict[str, Any]:
        with self.user_exchange() as response:
            raise_for_status(response, secrets=self.secrets())
            return read_json(response, self.secrets())

    def _request(self, part: Part, cancellation: Cancellation) -> tuple[Response, ...]:
        reference_id = str(uuid.uuid4())
        settings = self.settings
        try:
            with self.exchange(part, cancellation, reference_id) as response:
                raise_for_status(response, reference_id=reference_id, secrets=self.secrets())
                frames_file = framed_body(response, reference_id=reference_id, secrets=self.secrets())
                limit = ResponseLimit(settings.maximum_length, settings.maximum_decoded_bytes)
                frames = tuple(read_responses(frames_file, part.columns, limit=limit))
                sent = _date_of(response)
        except TickframeError:
            raise
        except BaseException:
            abort_request()
            raise
        if any(frame.reference_id not in ("", reference_id) for frame in frames):
            raise TransportError("received the response to another request: a proxy may mix them up; try again")
        self._has_answered = True
        return tuple(replace(frame, date=sent) for frame in frames)

    def secrets(self) -> list[str]:
        """Return the texts that no error and no report may hold."""
        current = self._tokens.current
        known = (self.settings.password, self.settings.client_secret, current.text if current is not None else None)
        return [secret for secret in known if secret]

    def _send(self, method: str, url: str, body: bytes | None = None) -> requests.Response:
        """Send a request with the current token, and again for as long as a refused token has a replacement."""
        token = self._tokens.token()
        while (response := self._send_with(token, method, url, body)).status_code == requests.codes.unauthorized:
            try:
                replacement = self._tokens.replacement(token)
            except BaseException:
                response.close()
                raise
            if replacement is None:
                return response
            response.close()
            token = replacement
        # A gateway may answer 5xx before the token is checked.
        token.accepted |= response.status_code < requests.codes.server_error
        return response

    def _send_with(self, token: Token, method: str, url: str, body: bytes | None) -> requests.Response:
        settings = self.settings
        return self._session.request(
            method,
            url,
            data=body,
            headers={"Content-Type": _OCTET_STREAM, "Accept": f"{_OCTET_STREAM}, application/json, */*"},
            auth=CredentialHeader(*settings.credential(token.text)),
            **settings.requests_options(url),
        )


def _date_of(response: requests.Response) -> dt.datetime | None:
    """Return when a response was sent, by the clock of the service; None if it does not say."""
    try:
        return parsedate_to_datetime(response.headers.get("Date", "")).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _may_be_of_settings(error: TickframeError) -> bool:
    """Return whether a path, a name or an address that is inferred or wrong can be the cause of an error."""
    if isinstance(error, FrameMarkerError | UnknownEndpointError | UnexpectedContentError):
        return True
    return type(error) is ServiceError and error.status == requests.codes.bad_request
