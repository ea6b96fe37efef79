"""Access tokens: a fixed one, or the password grant of RFC 6749, section 4.3."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol
from urllib.parse import urlencode
from weakref import WeakSet

import requests
from requests.auth import HTTPBasicAuth

from tickframe.errors import AuthenticationError, ServiceError, SettingsError, TransportError, UnexpectedContentError
from tickframe.http.cancellation import Cancellation, current_cancellation
from tickframe.http.refusals import describe_object, raise_for_status, read_json
from tickframe.http.retry import is_transient
from tickframe.http.session import network_errors
from tickframe.redaction import without_secrets
from tickframe.settings import Settings, host_of, is_token

_CLIENT_ID = "xyt"

_ABOUT_CLIENT_SECRET = (
    f"The client secret is not your password: it is that of the OAuth client {_CLIENT_ID!r}, which the vendor's own "
    "library has built in. Ask the support of the xyt hub, or whoever gave you the account, for a client secret"
)

# Seconds before its expiry from which a token is not used, since it may expire before a request arrives.
_EXPIRY_MARGIN = 60.0
# The documented lifetime, for a response without one.
_DEFAULT_LIFETIME = 12 * 3600.0
_MAXIMUM_LIFETIME = 10 * 365 * 24 * 3600.0
# Seconds until another token is requested after a new one, or the account, was refused.
_WAIT_AFTER_REFUSAL = 60.0


@dataclass(eq=False, slots=True)
class Token:
    """An access token. Tokens compare by identity, since a service may grant the same text twice.

    Attributes
    ----------
    text : str
        The token as it is sent.
    accepted : bool
        Whether the service has accepted a request with this token.
    """

    text: str = field(repr=False)
    accepted: bool = False


class TokenProvider(Protocol):
    """A source of access tokens."""

    @property
    def current(self) -> Token | None:
        """The newest token; None before the first one."""

    def token(self) -> Token:
        """Return a token that has not expired."""

    def replacement(self, refused: Token) -> Token | None:
        """Return the token to use instead of a refused one; None if the refusal is final."""


def token_provider(settings: Settings, session: requests.Session) -> TokenProvider:
    """Return the provider for these settings."""
    if settings.token is not None:
        return FixedToken(settings.token)
    return FixedToken(settings.password) if settings.api_key_header else PasswordGrant(settings, session)


class FixedToken:
    """The token or the API key in the settings, which cannot be renewed."""

    def __init__(self, text: str | None) -> None:
        self.current = Token(text) if text else None

    def token(self) -> Token:
        """Return the token.

        Raises
        ------
        SettingsError
            If there is none.
        """
        if self.current is None:
            raise SettingsError(
                "incomplete account, missing: api_key (TICKFRAME_API_KEY), which the setting api_key_header sends"
            )
        return self.current

    def replacement(self, refused: Token) -> None:
        """Return None: the refusal is final."""


class PasswordGrant:
    """Requests tokens with a user and a password.

    A refused token is renewed if the service has accepted it before. If it has not, the refusal is final,
    and no other token is requested for a minute.

    Threads can share a provider: one of them requests a token, and the others wait for it or for its failure. A run
    whose sign-in was refused does not sign in again, and other runs wait for a minute if the account was refused.
    """

    def __init__(self, settings: Settings, session: requests.Session) -> None:
        self._settings = settings
        self._session = session
        self._lock = threading.Lock()
        self.current: Token | None = None
        self._expires = 0.0
        self._failure: ServiceError | TransportError | None = None
        self._failed_at = 0.0
        # By their cancellation, which all threads of a run share.
        self._refused_runs: WeakSet[Cancellation] = WeakSet()

    def token(self) -> Token:
        """Return the current token, or a new one if it is about to expire."""
        called = monotonic()
        with self._lock:
            if self.current is None or monotonic() >= self._expires:
                self.current = self._grant_once(called)
            return self.current

    def replacement(self, refused: Token) -> Token | None:
        """Return the token to use instead of a refused one: the current one, or a new one in its place."""
        called = monotonic()
        with self._lock:
            if self.current is refused:
                if not refused.accepted:
                    self._expires = min(self._expires, monotonic() + _WAIT_AFTER_REFUSAL)
                    return None
                self.current = self._grant_once(called)
            return self.current

    def _grant_once(self, called: float) -> Token:
        """Request a token, unless the failure of an earlier request counts for this call, too."""
        run = current_cancellation()
        if self._failure is not None:
            self._raise_failure(self._failure, run, called)
        try:
            token = self._grant()
        except (ServiceError, TransportError) as failure:
            self._failure, self._failed_at = copy.copy(failure), monotonic()
            if not is_transient(failure):
                self._refused_runs.add(run)
            raise
        self._failure = None
        self._refused_runs.clear()
        return token

    def _raise_failure(self, failure: ServiceError | TransportError, run: Cancellation, called: float) -> None:
        """Raise the failure of an earlier request unless this call may send another one."""
        # A copy, because each thread sets the part of its own error.
        error = copy.copy(failure)
        if run in self._refused_runs:
            raise error
        if self._failed_at >= called:
            # Another thread has failed while this one waited for its token.
            if not is_transient(failure):
                self._refused_runs.add(run)
            raise error
        left = self._failed_at + _WAIT_AFTER_REFUSAL - monotonic()
        if left > 0 and isinstance(failure, ServiceError) and _is_of_account(failure):
            self._refused_runs.add(run)
            error.message += (
                f"; repeated attempts can lock an account: this client does not sign in for another {left:.0f} s, "
                "a new Client does at once"
            )
            raise error

    # The password is a local variable of it.
    @without_secrets()
    def _grant(self) -> Token:
        settings = self._settings
        user, password, client_secret = _account(settings)
        requested = monotonic()
        with (
            network_errors(host_of(settings.token_url)),
            self._session.post(
                settings.token_url,
                data=urlencode({"grant_type": "password", "username": user, "password": password}),
                headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json, */*"},
                auth=HTTPBasicAuth(_CLIENT_ID.encode(), client_secret.encode()),
                **settings.requests_options(settings.token_url),
            ) as response,
            current_cancellation().releasing(response.raw.shutdown),
        ):
            self._raise_for_refusal(response)
            document = read_json(response, self._secrets())
        token, lifetime = document.get("access_token"), document.get("expires_in")
        if not isinstance(token, str) or not is_token(token):
            description = describe_object(document, self._secrets())
            says = f"; it says: {description}" if description else ""
            raise UnexpectedContentError(
                f"the token response holds no access token: check base_url and auth_url{says}",
                status=200,
                description=description,
            )
        if not isinstance(lifetime, int | float) or not 0 < lifetime < _MAXIMUM_LIFETIME:
            lifetime = _DEFAULT_LIFETIME
        self._expires = requested + max(lifetime - _EXPIRY_MARGIN, lifetime / 2)
        return Token(token)

    def _secrets(self) -> list[str]:
        return [secret for secret in (self._settings.password, self._settings.client_secret) if secret]

    def _raise_for_refusal(self, response: requests.Response) -> None:
        try:
            raise_for_status(response, secrets=self._secrets())
        except ServiceError as error:
            # RFC 6749 (5.2): 400 for a wrong password, 401 for a wrong client secret.
            if error.status in (400, 401):
                description = f"; it says: {error.description}" if error.description else ""
                raise AuthenticationError(
                    f"HTTP {error.status}: the token service refused user {self._settings.user!r}: check the "
                    f"password or API key, and the client secret{description}",
                    status=error.status,
                    description=error.description,
                ) from None
            raise


def _is_of_account(refusal: ServiceError) -> bool:
    """Return whether the service, and not something in between, has refused to sign in."""
    return 400 <= refusal.status < 500 and not is_transient(refusal)


def _account(settings: Settings) -> tuple[str, str, str]:
    """Return the user, the password and the client secret.

    Raises
    ------
    SettingsError
        If one of them is missing.
    """
    if settings.user and settings.password and settings.client_secret:
        return settings.user, settings.password, settings.client_secret
    account = {
        "user (TICKFRAME_USER)": settings.user,
        "password or api_key (TICKFRAME_PASSWORD, TICKFRAME_API_KEY)": settings.password,
        "client_secret (TICKFRAME_CLIENT_SECRET)": settings.client_secret,
    }
    missing = ", ".join(name for name, value in account.items() if not value)
    about_secret = "" if settings.client_secret else f". {_ABOUT_CLIENT_SECRET}"
    raise SettingsError(
        f"incomplete account, missing: {missing}. Pass it to Client or set it in the environment, pass a token, "
        f"or use Client.sandbox(), which needs no account{about_secret}"
    )
