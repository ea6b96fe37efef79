"""One framed request over HTTP: session, token, retries, errors."""

from __future__ import annotations

import threading
import uuid
from types import TracebackType
from typing import Any, Self

import requests

from tickframe.errors import TickframeError, TransportError
from tickframe.http.auth import Token, token_provider
from tickframe.http.cancellation import Cancellation
from tickframe.http.retry import SharedPause, retry
from tickframe.http.session import BearerToken, Body, network_errors, new_session, raise_for_answer, read_json
from tickframe.plan.part import Part
from tickframe.process import OwningProcess
from tickframe.settings import Settings
from tickframe.wire.frames import write_frame
from tickframe.wire.reader import Response, joined, read_responses

_OCTET_STREAM = "application/octet-stream"
_USER_PATH = "/auth/user"


class Service:
    """The service: answers parts. Safe to share between threads, and after a fork."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _connect(self) -> None:
        self._session = new_session()
        self._tokens = token_provider(self.settings, self._session)
        self._pause = SharedPause()
        self._owner = OwningProcess()

    def _connect_after_fork(self) -> None:
        """Leave connections to the parent: two processes would read each other's answers."""
        # Without the lock first: another thread of the parent may have held it at the fork.
        if not self._owner.is_current():
            with self._lock:
                if not self._owner.is_current():
                    self._connect()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def answer(self, part: Part, cancellation: Cancellation) -> Response:
        """Ask for a part until it is answered whole.

        Parameters
        ----------
        part
            The request.
        cancellation
            Ends the attempts.

        Raises
        ------
        TransportError, ServiceError, FrameError, DecodeError
            What the last attempt failed with.
        Cancelled
            If the run has ended.
        """
        self._connect_after_fork()
        try:
            return retry(
                lambda attempts: joined(self._ask(part, cancellation), attempts),
                self.settings.retry_seconds,
                self._pause,
                cancellation,
            )
        except TickframeError as error:
            error.part = str(part)
            raise

    def user(self) -> dict[str, Any]:
        """Return what the service says of the account.

        Raises
        ------
        TransportError, ServiceError
            If it does not say.
        """
        self._connect_after_fork()
        with network_errors(self.settings.host), self._send("GET", _USER_PATH) as response:
            raise_for_answer(response, "application/json", secrets=self._secrets())
            return read_json(response)

    def _ask(self, part: Part, cancellation: Cancellation) -> tuple[Response, ...]:
        reference_id = str(uuid.uuid4())
        settings = self.settings
        message = part.to_message(reference_id, settings.parameter_names)
        path = settings.path_of(part.function, part.endpoint)
        body = write_frame(message.SerializeToString())
        with (
            cancellation.active(),
            network_errors(self.settings.host),
            self._send("POST", path, body) as response,
            cancellation.releasing(response.raw.shutdown),
        ):
            raise_for_answer(response, _OCTET_STREAM, reference_id=reference_id, secrets=self._secrets())
            responses = tuple(read_responses(Body(response), part.columns, maximum_length=settings.maximum_length))
        for answered in responses:
            if answered.reference_id not in ("", reference_id):
                raise TransportError("an answer to another request arrived: a proxy may have mixed them up; ask again")
        return responses

    def _secrets(self) -> list[str]:
        """Return what no error may hold."""
        settings = self.settings
        current = self._tokens.current
        known = (settings.password, settings.client_secret, current.text if current is not None else None)
        return [secret for secret in known if secret]

    def _send(self, method: str, path: str, body: bytes | None = None) -> requests.Response:
        """Send with the current token, and again with its replacement for as long as there is one."""
        token = self._tokens.token()
        while (response := self._send_with(token, method, path, body)).status_code == requests.codes.unauthorized:
            try:
                replacement = self._tokens.replacement(token)
            except BaseException:
                response.close()
                raise
            if replacement is None:
                return response
            response.close()
            token = replacement
        # A gateway may fail before anybody has looked at the token.
        token.accepted |= response.status_code < requests.codes.server_error
        return response

    def _send_with(self, token: Token, method: str, path: str, body: bytes | None) -> requests.Response:
        settings = self.settings
        return self._session.request(
            method,
            settings.base_url + path,
            data=body,
            headers={"Content-Type": _OCTET_STREAM, "Accept": f"{_OCTET_STREAM}, application/json"},
            auth=BearerToken(token.text),
            **settings.requests_options(),
        )
