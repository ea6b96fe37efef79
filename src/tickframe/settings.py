"""The address of the service and the account, from arguments, the environment and the keyring, in this order.

==================  ===========================  =================================
argument            environment                  keyring (service ``tickframe``)
==================  ===========================  =================================
``base_url``        ``TICKFRAME_URL``
``user``            ``TICKFRAME_USER``
``password``        ``TICKFRAME_PASSWORD``       under the user's name
``api_key``         ``TICKFRAME_API_KEY``
``token``           ``TICKFRAME_TOKEN``
``client_secret``   ``TICKFRAME_CLIENT_SECRET``  under ``client_secret``
==================  ===========================  =================================
"""

from __future__ import annotations

import importlib.util
import os
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

from tickframe.wire.frames import MAXIMUM_LENGTH

DEFAULT_URL = "https://api.xythub.com"

_KEYRING_SERVICE = "tickframe"
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to reach the service. The repr shows no secret.

    Attributes
    ----------
    base_url : str
        The address of the service, without a trailing slash: https, or plain http on this machine.
    user : str or None
        The user of the account.
    password : str or None
        The password of the account, or the API key used in its place.
    client_secret : str or None
        The secret of the OAuth 2.0 client, sent with the request for a token.
    token : str or None
        An access token, which makes all other credentials unnecessary.
    connect_timeout, read_timeout : float
        Seconds to wait for a connection, and for the next bytes of a response. A response that arrives at
        less than 100 bytes/s over ``read_timeout`` counts as timed out, too.
    retry_seconds : float
        Seconds within which the last attempt at a request begins. Transient failures are retried.
    path_template : str
        The path of a function, which contains ``{endpoint}``.
    endpoints : Mapping[str, str]
        Endpoint names that replace those of the catalogue, by function name.
    parameter_names : Mapping[str, str]
        Parameter names on the wire that replace those of the catalogue, by documented name.
    maximum_length : int
        The length of the longest accepted frame, in bytes.
    proxies : Mapping[str, str] or None
        Proxies by scheme, as for requests. If omitted, those of the environment, which are not used for
        a service on this machine.
    verify : bool or str
        Whether to verify the certificate of the service, or a file of certificates to trust.
    cert : str or (str, str) or None
        The client certificate: one file, or the files of the certificate and its key.
    cache_namespace : str
        The name of the service in the cache; if omitted, its address. Use one name for several addresses
        of the same data.
    """

    base_url: str = DEFAULT_URL
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    connect_timeout: float = 10.0
    read_timeout: float = 300.0
    retry_seconds: float = 120.0
    path_template: str = "/get/{endpoint}"
    endpoints: Mapping[str, str] = field(default_factory=dict)
    parameter_names: Mapping[str, str] = field(default_factory=dict)
    maximum_length: int = MAXIMUM_LENGTH
    proxies: Mapping[str, str] | None = field(default=None, repr=False)
    verify: bool | str = True
    cert: str | tuple[str, str] | None = None
    cache_namespace: str = ""

    def __post_init__(self) -> None:
        _check_url(self.base_url)
        _check_path_template(self.path_template)
        if self.token is not None and not is_token(self.token):
            # Errors show nothing of a secret.
            raise ValueError(
                "invalid token: empty, or with a space, a line break or a non-ASCII character; copy it again"
            )
        for name, secret in (("password", self.password), ("client_secret", self.client_secret)):
            if secret is not None and (not secret or not _is_text(secret)):
                raise ValueError(f"invalid {name}: empty, or with a line break or a lone surrogate; enter it again")

    @property
    def host(self) -> str:
        """The host and the port of the service, for errors."""
        return urlsplit(self.base_url).netloc

    @property
    def service_name(self) -> str:
        """The name of the service in the cache and in datasets."""
        return self.cache_namespace or self.base_url

    def path_of(self, function: str, endpoint: str) -> str:
        """Return the path of a function, whose endpoint the catalogue calls ``endpoint``."""
        return self.path_template.replace("{endpoint}", quote(self.endpoints.get(function, endpoint), safe=""))

    def requests_options(self) -> dict[str, Any]:
        """Return the options of every call of requests: timeouts, proxies, certificates, no redirects."""
        proxies = self.proxies
        hostname = urlsplit(self.base_url).hostname
        if proxies is None and hostname is not None and _is_loopback(hostname):
            # A proxy of the environment is on another machine and would receive the token.
            proxies = {"no_proxy": hostname}
        return {
            "timeout": (self.connect_timeout, self.read_timeout),
            "proxies": proxies,
            "verify": self.verify,
            "cert": self.cert,
            "allow_redirects": False,
            "stream": True,
        }


def resolve_settings(
    *,
    base_url: str | None = None,
    user: str | None = None,
    password: str | None = None,
    api_key: str | None = None,
    client_secret: str | None = None,
    token: str | None = None,
    **others: object,
) -> Settings:
    """Return the settings, with omitted arguments from the environment and then from the keyring.

    A credential passed as an argument takes precedence over every credential in the environment: with a
    password, ``TICKFRAME_TOKEN`` is ignored.

    Raises
    ------
    ValueError
        If a setting is invalid, or if both a password and an API key are passed.
    """
    if password is not None and api_key is not None:
        raise ValueError("pass password or api_key, not both: the API key takes the place of the password")
    secret = password if password is not None else api_key
    if token is None and user is None and secret is None and client_secret is None:
        token = _from_environment("TICKFRAME_TOKEN")
    if token is None:
        user = user or _from_environment("TICKFRAME_USER")
        if secret is None:
            secret = _from_environment("TICKFRAME_PASSWORD") or _from_environment("TICKFRAME_API_KEY")
        if secret is None and user is not None:
            secret = _from_keyring(user)
        if client_secret is None:
            client_secret = _from_environment("TICKFRAME_CLIENT_SECRET") or _from_keyring("client_secret")
    return Settings(
        base_url=(base_url or _from_environment("TICKFRAME_URL") or DEFAULT_URL).rstrip("/"),
        user=user,
        password=secret,
        client_secret=client_secret,
        token=token,
        **others,  # type: ignore[arg-type]  # Settings names and checks them
    )


def is_token(text: str) -> bool:
    """Return whether a text can be sent as a bearer token (RFC 6750, 2.1): visible ASCII characters."""
    return _TOKEN.fullmatch(text) is not None


def _from_environment(name: str) -> str | None:
    """Return a variable without surrounding whitespace, such as the line break of a file; None if it is empty."""
    return os.environ.get(name, "").strip() or None


def _is_text(secret: str) -> bool:
    try:
        secret.encode()
    except UnicodeEncodeError:
        return False
    return "\r" not in secret and "\n" not in secret


def _check_path_template(template: str) -> None:
    fields = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    if not template.startswith("/") or template.startswith("//") or fields != {"endpoint"}:
        raise ValueError(
            f"invalid path_template {template!r}: must begin with one slash and contain {{endpoint}} and no other field"
        )


def _from_keyring(name: str) -> str | None:
    """Return a secret from the keyring; None without one, or without a keyring."""
    if importlib.util.find_spec("keyring") is None:
        return None
    import keyring  # noqa: PLC0415, an extra
    from keyring.errors import KeyringError  # noqa: PLC0415

    try:
        return keyring.get_password(_KEYRING_SERVICE, name)
    except KeyringError:
        return None


def _check_url(url: str) -> None:
    if "@" in url:
        raise ValueError("base_url contains a user or a password: pass them as user= and password=")
    address = urlsplit(url)
    try:
        address.port  # noqa: B018, raises if it is not a number
    except ValueError:
        raise ValueError(f"invalid base_url {url!r}: the port must be a number, as in https://host:443") from None
    if address.query or address.fragment:
        raise ValueError(f"invalid base_url {url!r}: must not contain a query or a fragment")
    host = address.hostname or ""
    if not host or not (address.scheme == "https" or (address.scheme == "http" and _is_loopback(host))):
        raise ValueError(
            f"invalid base_url {url!r}: must be https://..., or http:// on this machine, since requests carry a token"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
