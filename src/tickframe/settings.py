"""The address of the service, how it wants to be asked, and the account.

From arguments, then the environment, then the settings file (what is not secret) or the keyring (what is):

==================  ===========================  ===============  =================================
argument            environment                  settings file    keyring (service ``tickframe``)
==================  ===========================  ===============  =================================
``base_url``        ``TICKFRAME_URL``            ``base_url``
``auth_url``        ``TICKFRAME_AUTH_URL``       ``auth_url``
``user``            ``TICKFRAME_USER``           ``user``
``password``        ``TICKFRAME_PASSWORD``                        under the user's name
``api_key``         ``TICKFRAME_API_KEY``                         under the user's name
``token``           ``TICKFRAME_TOKEN``
``client_secret``   ``TICKFRAME_CLIENT_SECRET``                   under ``client_secret``
others                                           under its name
==================  ===========================  ===============  =================================

The settings file is ``settings.toml`` in the user's configuration directory, or the file that
``TICKFRAME_SETTINGS`` names. It describes the service at its ``base_url`` and is not used for another one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

from tickframe.catalogue import ENUM_FORMATS, EnumFormat, RequestFormat
from tickframe.errors import SettingsError
from tickframe.redaction import without_secrets
from tickframe.settings_file import ValueKind, read_settings_file, settings_path
from tickframe.wire.frames import MAXIMUM_LENGTH

DEFAULT_URL = "https://api.xythub.com"

_KEYRING_SERVICE = "tickframe"
_SECRET_VARIABLES = ("TICKFRAME_PASSWORD", "TICKFRAME_API_KEY")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")

# Below base_url, if the service signs in there.
_AUTH_PATH = "/auth"

#: The settings that the settings file can hold.
FILE_SETTINGS: Mapping[str, ValueKind] = MappingProxyType(
    {
        "base_url": ValueKind.TEXT,
        "auth_url": ValueKind.TEXT,
        "token_path": ValueKind.TEXT,
        "user_path": ValueKind.TEXT,
        "user": ValueKind.TEXT,
        "api_key_header": ValueKind.TEXT,
        "path_template": ValueKind.TEXT,
        "omit_source": ValueKind.BOOLEAN,
        "enums": ValueKind.TEXT,
        "endpoints": ValueKind.TEXTS,
        "parameter_names": ValueKind.TEXTS,
        "connect_timeout": ValueKind.NUMBER,
        "read_timeout": ValueKind.NUMBER,
        "stall_timeout": ValueKind.NUMBER,
        "retry_seconds": ValueKind.NUMBER,
        "maximum_length": ValueKind.INTEGER,
        "maximum_decoded_bytes": ValueKind.INTEGER,
        "proxies": ValueKind.TEXTS,
        "verify": ValueKind.TEXT_OR_BOOLEAN,
        "cert": ValueKind.TEXT_OR_PAIR,
        "cache_namespace": ValueKind.TEXT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to reach the service. The repr shows no secret.

    Attributes
    ----------
    base_url : str
        The address of the service, without a trailing slash: https, or plain http on this machine.
    auth_url : str
        The address of sign-in; if empty, ``/auth`` below ``base_url``.
    token_path, user_path : str
        The paths below it that grant a token and describe the account.
    user : str or None
        The user of the account.
    password : str or None
        The password of the account, or the API key used in its place.
    client_secret : str or None
        The secret of the OAuth 2.0 client, sent with the request for a token.
    token : str or None
        An access token, which makes all other credentials unnecessary.
    api_key_header : str
        The header that carries the API key with every request, as in ``X-API-Key`` or
        ``Authorization: ApiKey {api_key}``; no token is then requested. If empty, the API key is used in place of
        the password.
    connect_timeout, read_timeout : float
        Seconds to wait for a connection, and for the service to begin its response, which it may have to compute.
    stall_timeout : float
        Seconds to wait for more of a response that has begun, at most ``read_timeout``. A response that arrives at
        less than 100 bytes/s over this time counts as timed out, too.
    retry_seconds : float
        Seconds within which the last attempt at a request begins. Transient failures are retried. If an attempt
        outlasts this time, as one that stalls can, the time begins again once; with 0 there is one attempt.
    path_template : str
        The path of a function, which contains ``{endpoint}``. If it contains ``{source}``, in the path or in a
        query string such as ``/get/{endpoint}?source={source}``, the source is not sent as a parameter; requests
        without a source then go without that segment or that field of the query string.
    omit_source : bool
        Whether the source is not sent at all.
    enums : {"names", "numbers", "numbers_except_flags"}
        How data types, chain types and flags are sent.
    endpoints : Mapping[str, str]
        Endpoint names that replace those of the catalogue, by function name.
    parameter_names : Mapping[str, str]
        Parameter names on the wire that replace those of the catalogue, by documented name.
    maximum_length : int
        The most bytes of an accepted response, decompressed: the length of its frames together.
    maximum_decoded_bytes : int or None
        The most bytes that the columns of a response may take in memory before they become a DataFrame. If omitted,
        16 times the length of the response, and at least 256 MiB.
    proxies : Mapping[str, str] or None
        Proxies by scheme, as for requests. If omitted, those of the environment, which are not used for
        a service on this machine.
    verify : bool or str
        Whether to verify the certificate of the service, or a file or directory of certificates to trust. Nothing but
        False turns the check off: an empty text, which may be an unset variable, is an error.
    cert : str or (str, str) or None
        The client certificate: one file, or the files of the certificate and its key.
    cache_namespace : str
        The name of the service in the cache; if omitted, its address. Use one name for several addresses
        of the same data.
    """

    base_url: str = DEFAULT_URL
    auth_url: str = ""
    token_path: str = "/oauth/token"  # noqa: S105, a path
    user_path: str = "/user"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    api_key_header: str = ""
    connect_timeout: float = 10.0
    read_timeout: float = 300.0
    stall_timeout: float = 30.0
    retry_seconds: float = 120.0
    path_template: str = "/get/{endpoint}"
    omit_source: bool = False
    enums: EnumFormat = "names"
    endpoints: Mapping[str, str] = field(default_factory=dict)
    parameter_names: Mapping[str, str] = field(default_factory=dict)
    maximum_length: int = MAXIMUM_LENGTH
    maximum_decoded_bytes: int | None = None
    proxies: Mapping[str, str] | None = field(default=None, repr=False)
    verify: bool | str = True
    cert: str | tuple[str, str] | None = None
    cache_namespace: str = ""

    def __post_init__(self) -> None:
        _check_url("base_url", self.base_url)
        if self.auth_url:
            _check_url("auth_url", self.auth_url)
        for name, path in (("token_path", self.token_path), ("user_path", self.user_path)):
            if not path.startswith("/") or path.startswith("//"):
                raise ValueError(f"invalid {name} {path!r}: must begin with one slash")
        _check_path_template(self.path_template)
        if self.omit_source and "{source}" in self.path_template:
            raise ValueError("omit_source contradicts path_template, which contains {source}: change one of them")
        if self.enums not in ENUM_FORMATS:
            raise ValueError(f"invalid enums {self.enums!r}: expected one of {', '.join(ENUM_FORMATS)}")
        if self.api_key_header:
            _check_api_key_header(self.api_key_header)
        for name in ("connect_timeout", "read_timeout", "stall_timeout"):
            if not getattr(self, name) > 0:
                raise ValueError(f"invalid {name} {getattr(self, name)}: must be positive")
        # By identity: 0 and an empty text would turn the check off.
        if self.verify is not True and self.verify is not False:
            _check_path("verify", self.verify, "True, False or an existing file or directory of certificates")
        if self.cert is not None:
            files = self.cert if isinstance(self.cert, tuple) and len(self.cert) == 2 else (self.cert,)
            for file in files:
                _check_path("cert", file, "an existing file, or two: of the certificate and of its key")
        self._check_secrets()

    def _check_secrets(self) -> None:
        # Errors show nothing of a secret.
        if self.token is not None and not is_token(self.token):
            raise ValueError(
                "invalid token: empty, or with a space, a line break or a non-ASCII character; copy it again"
            )
        if self.api_key_header and self.password is not None and not is_token(self.password):
            raise ValueError(
                "invalid api_key: it cannot be sent in a header, because it is empty, or has a space, a line break or "
                "a non-ASCII character; copy it again"
            )
        for name, secret in (("password", self.password), ("client_secret", self.client_secret)):
            if secret is not None and (not secret or not _is_text(secret)):
                raise ValueError(f"invalid {name}: empty, or with a line break or a lone surrogate; enter it again")

    @property
    def host(self) -> str:
        """The host and the port of the service, for errors."""
        return host_of(self.base_url)

    @property
    def token_url(self) -> str:
        """The address that grants a token."""
        return self._auth_url + self.token_path

    @property
    def user_url(self) -> str:
        """The address that describes the account."""
        return self._auth_url + self.user_path

    @property
    def _auth_url(self) -> str:
        return self.auth_url or self.base_url + _AUTH_PATH

    @property
    def service_name(self) -> str:
        """The name of the service in the cache and in datasets."""
        return self.cache_namespace or self.base_url

    @property
    def account_digest(self) -> str:
        """A digest of the service and the account, which tells accounts apart and names none.

        The account is the user; without one, the token or the API key itself.
        """
        account = ("user", self.user) if self.user else ("credential", self.token or self.password or "")
        return hashlib.sha256(repr((self.service_name, *account)).encode()).hexdigest()[:32]

    @property
    def request_format(self) -> RequestFormat:
        """The names and values of a request on the wire."""
        in_path = "{source}" in self.path_template
        return RequestFormat(self.parameter_names, self.enums, source_is_parameter=not (in_path or self.omit_source))

    def path_of(self, function: str, endpoint: str, source: str = "") -> str:
        """Return the path of a request.

        Parameters
        ----------
        function
            The documented function.
        endpoint
            Its endpoint in the catalogue.
        source
            The requested source; empty for none.

        Raises
        ------
        ValueError
            If the endpoint or the source is ``.`` or ``..``, which would change the path.
        """
        template = self.path_template if source else _without_source(self.path_template)
        endpoint = self.endpoints.get(function, endpoint)
        return template.replace("{endpoint}", _quoted(endpoint)).replace("{source}", _quoted(source))

    def credential(self, text: str) -> tuple[str, str]:
        """Return the header, name and value, that carries a token or an API key."""
        if not self.api_key_header or self.token is not None:
            return "Authorization", f"Bearer {text}"
        name, _, template = self.api_key_header.partition(":")
        return name, template.strip().replace("{api_key}", text) if template else text

    def requests_options(self, url: str) -> dict[str, Any]:
        """Return the options of a call of requests: timeouts, proxies, certificates, no redirects."""
        proxies = self.proxies
        hostname = urlsplit(url).hostname
        if proxies is None and hostname is not None and is_loopback(hostname):
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


@without_secrets()
def resolve_settings(
    *,
    base_url: str | None = None,
    auth_url: str | None = None,
    user: str | None = None,
    password: str | None = None,
    api_key: str | None = None,
    client_secret: str | None = None,
    token: str | None = None,
    read_file: bool = True,
    **others: object,
) -> Settings:
    """Return the settings, with omitted arguments from the environment, the settings file and the keyring.

    A credential passed as an argument takes precedence over every credential in the environment: with a
    password, ``TICKFRAME_TOKEN`` is ignored. What describes one service is not used for another:
    ``TICKFRAME_AUTH_URL`` belongs to ``TICKFRAME_URL``, and the settings file to its ``base_url``.

    Parameters
    ----------
    read_file
        Whether to read the settings file.

    Raises
    ------
    ValueError
        If a setting is invalid, or if both a password and an API key are passed.
    SettingsError
        If the settings file is not as it should be; see :func:`tickframe.settings_file.read_settings_file`.
    """
    if password is not None and api_key is not None:
        raise ValueError("pass password or api_key, not both: the API key takes the place of the password")
    url_in_environment = _from_environment("TICKFRAME_URL")
    address = base_url or url_in_environment
    if auth_url is None and base_url in (None, url_in_environment):
        auth_url = _from_environment("TICKFRAME_AUTH_URL")
    given = {name: value for name, value in others.items() if value is not None}
    if auth_url is not None:
        given["auth_url"] = auth_url.rstrip("/")
    settings = {**(_settings_in_file(address) if read_file else {}), **given}
    base_url = (address or str(settings.get("base_url", DEFAULT_URL))).rstrip("/")
    user_in_file = settings.pop("user", None)

    secret = password if password is not None else api_key
    if token is None and user is None and secret is None and client_secret is None:
        token = _from_environment("TICKFRAME_TOKEN")
    if token is None:
        user = user or _from_environment("TICKFRAME_USER") or (str(user_in_file) if user_in_file else None)
        if secret is None:
            names = ("TICKFRAME_API_KEY",) if settings.get("api_key_header") else _SECRET_VARIABLES
            secret = next(filter(None, map(_from_environment, names)), None)
        if secret is None and user is not None:
            secret = _from_keyring(user)
        if client_secret is None:
            client_secret = _from_environment("TICKFRAME_CLIENT_SECRET") or _from_keyring("client_secret")
    return Settings(
        **{**settings, "base_url": base_url},  # type: ignore[arg-type]  # Settings names and checks them
        user=user,
        password=secret,
        client_secret=client_secret,
        token=token,
    )


def _settings_in_file(address: str | None) -> dict[str, object]:
    """Return the settings in the settings file, none if it describes the service at another address.

    Raises
    ------
    SettingsError
        If the file is not as it should be.
    """
    settings = read_settings_file(FILE_SETTINGS)
    for name in ("base_url", "auth_url"):
        if name in settings:
            settings[name] = str(settings[name]).rstrip("/")
    if isinstance(settings.get("cert"), list):
        settings["cert"] = tuple(settings["cert"])  # type: ignore[arg-type]  # a list
    for name, value in settings.items():
        try:
            Settings(**{name: value})  # type: ignore[arg-type]  # the types were checked
        except ValueError as error:
            raise SettingsError(f"{settings_path()}: {error}") from None
    described = settings.get("base_url", DEFAULT_URL)
    return settings if address is None or address.rstrip("/") == described else {}


def host_of(url: str) -> str:
    """Return the host and the port of an address, for errors."""
    return urlsplit(url).netloc


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
    known = fields <= {"endpoint", "source"} and "{endpoint}" in _without_source(template)
    if not template.startswith("/") or template.startswith("//") or "#" in template or not known:
        raise ValueError(
            f"invalid path_template {template!r}: must begin with one slash, and contain {{endpoint}}, optionally "
            "{source} in a segment or a query field of its own, and no other field"
        )


def _without_source(template: str) -> str:
    """Return a path template without the segment and the field of the query string that hold the source."""
    path, _, query = template.partition("?")
    path = "/".join(segment for segment in path.split("/") if "{source}" not in segment)
    query = "&".join(each for each in query.split("&") if "{source}" not in each)
    return f"{path}?{query}" if query else path


def _quoted(name: str) -> str:
    if name in (".", ".."):
        raise ValueError(f"invalid name {name!r}: it cannot be part of a path")
    return quote(name, safe="")


def _check_api_key_header(header: str) -> None:
    name, colon, template = header.partition(":")
    if not _HEADER_NAME.fullmatch(name) or (colon and "{api_key}" not in template) or not _is_text(header):
        raise ValueError(
            f"invalid api_key_header {header!r}: expected the name of a header, or its name and value with "
            "{api_key}, such as 'Authorization: ApiKey {api_key}'"
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


def _check_path(name: str, path: object, expected: str) -> None:
    """Check that a value is the path of something that exists."""
    if not isinstance(path, str) or not path or not Path(path).exists():
        raise ValueError(f"invalid {name} {path!r}: expected {expected}")


def _check_url(name: str, url: str) -> None:
    if "@" in url:
        raise ValueError(f"{name} contains a user or a password: pass them as user= and password=")
    address = urlsplit(url)
    try:
        address.port  # noqa: B018, raises if it is not a number
    except ValueError:
        raise ValueError(f"invalid {name} {url!r}: the port must be a number, as in https://host:443") from None
    if address.query or address.fragment:
        raise ValueError(f"invalid {name} {url!r}: must not contain a query or a fragment")
    host = address.hostname or ""
    if not host or not (address.scheme == "https" or (address.scheme == "http" and is_loopback(host))):
        raise ValueError(
            f"invalid {name} {url!r}: must be https://..., or http:// on this machine, since requests carry a token"
        )


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
