"""Access tokens: a fixed one, or the password grant of RFC 6749, section 4.3."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol
from urllib.parse import urlencode

import requests
from requests.auth import HTTPBasicAuth

from tickframe.errors import AuthenticationError, ServiceError, SettingsError, UnexpectedContentError
from tickframe.http.cancellation import current_cancellation
from tickframe.http.session import network_errors, raise_for_answer, read_json
from tickframe.settings import Settings, is_token

_TOKEN_PATH = "/auth/oauth/token"  # noqa: S105, a path
_BASIC_USER = "xyt"

# A token that has less than this left, in seconds, may expire before the request arrives.
_EXPIRY_MARGIN = 60.0
# The documented lifetime, for an answer that names none.
_DEFAULT_LIFETIME = 12 * 3600.0
_LONGEST_LIFETIME = 10 * 365 * 24 * 3600.0
# Seconds for which no other token is requested after a new one was refused.
_WAIT_AFTER_REFUSAL = 60.0


@dataclass(eq=False, slots=True)
class Token:
    """An access token as it was granted once; a service may grant the same text twice.

    Attributes
    ----------
    text : str
        What travels.
    accepted : bool
        Whether the service has ever answered a request with this token other than by refusing it.
    """

    text: str = field(repr=False)
    accepted: bool = False


class TokenProvider(Protocol):
    """Where access tokens come from."""

    @property
    def current(self) -> Token | None:
        """The newest token; None before the first one."""

    def token(self) -> Token:
        """Return a token that has not expired."""

    def replacement(self, refused: Token) -> Token | None:
        """Return the token to use in place of a refused one, None if the refusal is final."""


def token_provider(settings: Settings, session: requests.Session) -> TokenProvider:
    """Return the provider that the settings call for."""
    return FixedToken(settings.token) if settings.token is not None else PasswordGrant(settings, session)


class FixedToken:
    """The token in the settings, which cannot be renewed."""

    def __init__(self, text: str) -> None:
        self.current = Token(text)

    def token(self) -> Token:
        """Return the token."""
        return self.current

    def replacement(self, refused: Token) -> None:
        """Return None: the refusal is final."""


class PasswordGrant:
    """Requests a token with a user and a password, and another one when it has expired.

    A refused token is renewed if the service had accepted it before; the refusal of a token that was never
    accepted is final, and no other token is requested for a minute.

    Safe to share between threads: one of them requests a token, the others wait for it.
    """

    def __init__(self, settings: Settings, session: requests.Session) -> None:
        self._settings = settings
        self._session = session
        self._lock = threading.Lock()
        self.current: Token | None = None
        self._expires = 0.0
        self._refusal: AuthenticationError | None = None
        self._refused_at = 0.0

    def token(self) -> Token:
        """Return the current token, or a new one if it is about to expire."""
        asked = monotonic()
        with self._lock:
            if self.current is None or monotonic() >= self._expires:
                self.current = self._grant_once(asked)
            return self.current

    def replacement(self, refused: Token) -> Token | None:
        """Return the current token if the refused one is older, else a new one, or None."""
        asked = monotonic()
        with self._lock:
            if self.current is refused:
                if not refused.accepted:
                    self._expires = min(self._expires, monotonic() + _WAIT_AFTER_REFUSAL)
                    return None
                self.current = self._grant_once(asked)
            return self.current

    def _grant_once(self, asked: float) -> Token:
        """Ask for a token, unless another thread was refused since: many wrong passwords lock an account."""
        if self._refusal is not None and self._refused_at >= asked:
            # An error of its own, since each takes note of its part.
            raise copy.copy(self._refusal)
        try:
            return self._grant()
        except AuthenticationError as refusal:
            self._refusal, self._refused_at = copy.copy(refusal), monotonic()
            raise

    def _grant(self) -> Token:
        settings = self._settings
        user, password, client_secret = _complete_credentials(settings)
        asked = monotonic()
        with (
            network_errors(settings.host),
            self._session.post(
                settings.base_url + _TOKEN_PATH,
                data=urlencode({"grant_type": "password", "username": user, "password": password}),
                headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
                auth=HTTPBasicAuth(_BASIC_USER.encode(), client_secret.encode()),
                **settings.requests_options(),
            ) as response,
            current_cancellation().releasing(response.raw.shutdown),
        ):
            self._raise_for_refusal(response)
            answer = read_json(response)
        token, lifetime = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not is_token(token):
            raise UnexpectedContentError(
                "the token service answered 200 without an access token: check base_url", status=200
            )
        if not isinstance(lifetime, int | float) or not 0 < lifetime < _LONGEST_LIFETIME:
            lifetime = _DEFAULT_LIFETIME
        self._expires = asked + max(lifetime - _EXPIRY_MARGIN, lifetime / 2)
        return Token(token)

    def _raise_for_refusal(self, response: requests.Response) -> None:
        try:
            secrets = [secret for secret in (self._settings.password, self._settings.client_secret) if secret]
            raise_for_answer(response, "application/json", secrets=secrets)
        except ServiceError as error:
            # RFC 6749 (5.2) answers a wrong password with 400 and a wrong client secret with 401.
            if error.status in (400, 401):
                said = f"; it says: {error.description}" if error.description else ""
                raise AuthenticationError(
                    f"HTTP {error.status}: the token service refused user {self._settings.user!r}: check the "
                    f"password or API key, and the client secret{said}",
                    status=error.status,
                    description=error.description,
                ) from None
            raise


def _complete_credentials(settings: Settings) -> tuple[str, str, str]:
    """Return the user, the password and the client secret, or say which are missing."""
    if settings.user and settings.password and settings.client_secret:
        return settings.user, settings.password, settings.client_secret
    given = {
        "user (TICKFRAME_USER)": settings.user,
        "password or api_key (TICKFRAME_PASSWORD, TICKFRAME_API_KEY)": settings.password,
        "client_secret (TICKFRAME_CLIENT_SECRET)": settings.client_secret,
    }
    missing = ", ".join(name for name, value in given.items() if not value)
    raise SettingsError(
        f"the account is not complete: {missing} is missing. Pass it to Client, set the environment, give a token, "
        "or try Client.sandbox(), which needs no account"
    )
