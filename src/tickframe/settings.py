"""Where the service is and who asks: from arguments, then the environment, then the keyring.

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
    """How to reach the service. No secret is in the repr.

    Attributes
    ----------
    base_url : str
        The service's address, without a slash at its end. Plain http goes to this machine only.
    user : str or None
        The account.
    password : str or None
        The account's password, or the API key that stands in for it.
    client_secret : str or None
        The secret of the client itself, sent when a token is asked for.
    token : str or None
        An access token. With one, no other credential is needed.
    connect_timeout, read_timeout : float
        Seconds to wait for a connection, and for the next bytes of an answer. An answer that brings less
        than 100 bytes a second over ``read_timeout`` is given up, too, and asked for again.
    retry_seconds : float
        The budget of time for one request: what fails in passing is asked again until then.
    path_template : str
        The path of a function, with ``{endpoint}`` in it.
    endpoints : Mapping[str, str]
        Endpoint names that replace the catalogue's, by the function's name.
    parameter_names : Mapping[str, str]
        Names of parameters on the wire that replace the catalogue's, by the documented name.
    maximum_length : int
        The longest frame to accept, in bytes.
    proxies : Mapping[str, str] or None
        Proxies by scheme, as requests takes them; left out, those of the environment, which are not
        used for a service on this machine.
    verify : bool or str
        Whether to check the service's certificate, or the file of certificates to check it with.
    cert : str or (str, str) or None
        The client's own certificate: one file, or a certificate's and a key's.
    cache_namespace : str
        What the cache calls the service; left out, its address. Give one name to addresses that lead
        to the same data.
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
            # Nothing of a secret is shown, not even what is wrong with it.
            raise ValueError("token is empty, or holds a blank, a line end or a character beyond ASCII: copy it anew")
        for name, secret in (("password", self.password), ("client_secret", self.client_secret)):
            if secret is not None and (not secret or not _is_text(secret)):
                raise ValueError(f"{name} is empty, or holds a line end or half a character: give it anew")

    @property
    def host(self) -> str:
        """The service's host and port, as errors name it."""
        return urlsplit(self.base_url).netloc

    def path_of(self, function: str, endpoint: str) -> str:
        """Return the path of a function; ``endpoint`` is the catalogue's name of its end."""
        return self.path_template.replace("{endpoint}", quote(self.endpoints.get(function, endpoint), safe=""))

    def requests_options(self) -> dict[str, Any]:
        """Return what every call of requests takes: timeouts, proxies, certificates, no redirects."""
        proxies = self.proxies
        hostname = urlsplit(self.base_url).hostname
        if proxies is None and hostname is not None and _is_loopback(hostname):
            # A proxy of the environment is another machine, which would get the token.
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
    """Fill in what the arguments leave out, from the environment and then from the keyring.

    A credential given as an argument outweighs any other kind found in the environment: a password
    is not overruled by a ``TICKFRAME_TOKEN`` that happens to be set.

    Raises
    ------
    ValueError
        If the address is neither https nor a plain http address of this machine, or if both a
        password and an API key are given.
    """
    if password is not None and api_key is not None:
        raise ValueError("give a password or an api_key, not both: the key stands in for the password")
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
    """Say whether a text can travel as a bearer token (RFC 6750, 2.1): visible ASCII."""
    return _TOKEN.fullmatch(text) is not None


def _from_environment(name: str) -> str | None:
    """Return a variable without the line end that a file or a shell may have left on it."""
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
            f"path_template {template!r} must begin with one slash and hold {{endpoint}}, and nothing else in braces"
        )


def _from_keyring(name: str) -> str | None:
    """Return a secret of the desktop's keyring, None where there is no keyring."""
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
        raise ValueError("base_url carries a user or a password: give them as user= and password=")
    address = urlsplit(url)
    try:
        address.port  # noqa: B018, it raises where there is none
    except ValueError:
        raise ValueError(f"base_url {url!r} has no port after its colon: write it as https://host:443") from None
    if address.query or address.fragment:
        raise ValueError(f"base_url {url!r} ends in a query or a fragment: give the address alone")
    if address.scheme == "https" and address.hostname:
        return
    if address.scheme == "http" and address.hostname and _is_loopback(address.hostname):
        return
    raise ValueError(f"base_url {url!r} must be https://..., or http:// to this machine only: it carries a token")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
