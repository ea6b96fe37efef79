"""Finding out how a service wants to be asked, with few, small requests that change nothing."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pyarrow as pa

from tickframe.catalogue import FUNCTIONS, Function, camel_case
from tickframe.errors import (
    AuthenticationError,
    RateLimitError,
    ServiceError,
    SettingsError,
    TickframeError,
    TransportError,
)
from tickframe.first_contact import candidates
from tickframe.http.cancellation import Cancellation
from tickframe.http.service import FIRST_CONTACT_HINT, Service
from tickframe.plan.arguments import check_arguments
from tickframe.plan.part import Part, split
from tickframe.settings import Settings
from tickframe.wire.reader import Response

#: The most requests of a discovery.
MAXIMUM_REQUESTS = 40

#: What the documentation's own examples ask for.
DEFAULT_SOURCE = "ACTIV"
DEFAULT_SYMBOL = "ZAL.XE"
DEFAULT_DAY = dt.date(2016, 5, 5)

_READ_TIMEOUT = 30.0
# Seconds that the service may ask to wait.
_LONGEST_WAIT = 60.0
_MAXIMUM_FAILURES = 3

_Value = TypeVar("_Value")

_DEFAULTS = Settings()
# What a discovery finds out: it replaces these keys of a settings file.
_FOUND = ("base_url", "auth_url", "path_template", "omit_source", "enums", "endpoints", "parameter_names")


@dataclass(frozen=True)
class Trial:
    """One request, and what the service answered.

    Attributes
    ----------
    subject : str
        What it is about: ``sign-in``, ``account`` or a documented function.
    tried : str
        The request, and the setting that was tried.
    worked : bool
        Whether the service answered what was asked for.
    answer : str
        What it answered.
    seconds : float
        How long that took.
    """

    subject: str
    tried: str
    worked: bool
    answer: str
    seconds: float


@dataclass
class Discovery:
    """What a discovery found out.

    Attributes
    ----------
    settings : Settings
        The settings that worked; those of the start where nothing did.
    trials : list of Trial
        All requests in their order.
    unanswered : list of str
        The documented functions that nothing worked for, or that were not tried.
    stopped : str
        Why it ended early; empty if it did not.
    """

    settings: Settings
    trials: list[Trial] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    stopped: str = ""

    def in_file(self, previous: Mapping[str, object]) -> dict[str, object]:
        """Return what belongs in the settings file.

        Parameters
        ----------
        previous
            What is in it: settings that a discovery does not find out stay as they are.
        """
        found = {
            name: value
            for name in _FOUND
            if (value := getattr(self.settings, name)) != getattr(_DEFAULTS, name) or name == "base_url"
        }
        return {**found, **{name: value for name, value in previous.items() if name not in _FOUND}}


class _StoppedError(Exception):
    """No further request makes sense; the message says why."""


def discover(
    settings: Settings,
    *,
    source: str = "",
    symbol: str = DEFAULT_SYMBOL,
    day: dt.date = DEFAULT_DAY,
    pause: float = 1.0,
    tell: Callable[[Trial], None] = lambda _trial: None,
) -> Discovery:
    """Find out how a service wants to be asked.

    Each candidate of :mod:`tickframe.first_contact.candidates` is tried until one works: the service returns a frame
    with the documented columns. What a refusal says is shown, and nothing depends on it.

    Parameters
    ----------
    settings
        Address and account, and settings that are tried first.
    source, symbol, day
        What to ask for. By default the documentation's examples; if the account does not have that source, its first.
    pause
        Seconds between requests.
    tell
        Called with each trial.

    Returns
    -------
    Discovery
        Also if it could not find out everything.

    Raises
    ------
    SettingsError
        If the account is incomplete; nothing was sent.
    """
    search = _Search(settings, pause, tell)
    with search.service:
        try:
            search.sign_in()
            search.functions(source, symbol, day)
        except _StoppedError as reason:
            search.discovery.stopped = str(reason)
    done = search.answered
    search.discovery.unanswered = [name for name in FUNCTIONS if name not in done]
    return search.discovery


class _Search:
    """The state of a discovery: the settings so far, and what was tried."""

    def __init__(self, settings: Settings, pause: float, tell: Callable[[Trial], None]) -> None:
        self.discovery = Discovery(settings)
        self.answered: set[str] = set()
        self.service = self._new_service(settings)
        self._pause = pause
        self._tell = tell
        self._failures = 0

    @staticmethod
    def _new_service(settings: Settings) -> Service:
        # One attempt each, and no waiting for what will not come.
        return Service(replace(settings, retry_seconds=0.0, read_timeout=min(settings.read_timeout, _READ_TIMEOUT)))

    @property
    def settings(self) -> Settings:
        return self.discovery.settings

    def sign_in(self) -> None:
        """Find the address that grants a token, and ask it for the account.

        Raises
        ------
        _StoppedError
            If there is no token.
        """
        given = self.settings
        if given.token is None and not given.api_key_header:
            usual = given.base_url + candidates.AUTH_PATHS[0]
            likely = [f"{given.auth_url or given.base_url}{path}" for path in candidates.AUTH_PATHS]
            for address in _distinct([given.auth_url or usual, *likely]):
                tried = replace(given, auth_url="" if address == usual else address)
                self.service.close()
                self.service = self._new_service(tried)
                refusal = self._try("sign-in", f"POST {tried.token_url}", self._grant)
                if refusal is None:
                    self.discovery.settings = tried
                    break
                if isinstance(refusal, AuthenticationError) and refusal.description:
                    # A wrong password again would not be right, and could lock the account.
                    raise _StoppedError("the service refused the account: check the user, the password and the secret")
            else:
                raise _StoppedError("no address grants a token: set auth_url (TICKFRAME_AUTH_URL), or pass a token")
        self._try("account", f"GET {self.settings.user_url}", self._account)

    def _grant(self) -> str:
        self.service.sign_in()
        return "a token"

    def _account(self) -> str:
        return f"fields {', '.join(self.service.user())}"

    def functions(self, source: str, symbol: str, day: dt.date) -> None:
        """Find the endpoints and parameters of the functions.

        Raises
        ------
        _StoppedError
            If nothing works, or too much was tried.
        """
        sources = self._function("lookup_sources", {}, [("", self.settings)])
        source = source or _preferred(sources)
        self._where_source_travels(source, symbol, day)
        enums = _distinct([self.settings.enums, *candidates.ENUMS])
        for name in FUNCTIONS:
            if name in self.answered or name == "lookup_sources":
                continue
            arguments = candidates.small_request(name, source, symbol, day)
            has_enums = "data_type" in arguments
            formats = [(f"enums={each}", replace(self.settings, enums=each)) for each in enums]
            rows = self._function(name, arguments, formats if has_enums else [("", self.settings)])
            if rows is not None and has_enums:
                enums = [self.settings.enums]
            self._open_parameters(name, arguments, rows)

    def _where_source_travels(self, source: str, symbol: str, day: dt.date) -> None:
        """Find where the source travels, by one function that needs it and little else, or by another."""
        current = (self.settings.path_template, self.settings.omit_source)
        # Without a setting of its own, the current place is one of the candidates.
        first = [] if current in candidates.SOURCES[2:3] else [current]
        places = [
            (_place(template, omit=omit), replace(self.settings, path_template=template, omit_source=omit))
            for template, omit in _distinct([*first, *candidates.SOURCES])
        ]
        for name in ("lookup_exchanges", "tick_data"):
            arguments = candidates.small_request(name, source, symbol, day)
            rows = self._function(name, arguments, _with_enums(places) if "data_type" in arguments else places)
            if rows is not None:
                self._open_parameters(name, arguments, rows)
                return
        raise _StoppedError(
            f"no request with source {source!r} worked: check the source, or ask the service's support how to send it"
        )

    def _function(
        self, name: str, arguments: Mapping[str, object], formats: Iterable[tuple[str, Settings]]
    ) -> pa.Table | None:
        """Try settings, with a note about each and the endpoints of a function, until one works; return its rows."""
        function = FUNCTIONS[name]
        for note, tried in formats:
            for endpoint in self._endpoints(function):
                settings = replace(tried, endpoints=_with(tried.endpoints, name, endpoint, function.endpoint))
                rows = self._rows(function, arguments, settings, note)
                if rows is not None:
                    self.discovery.settings = settings
                    self.answered.add(name)
                    return rows
        return None

    def _endpoints(self, function: Function) -> list[str]:
        set_by_user = self.settings.endpoints.get(function.name)
        likely = candidates.ENDPOINTS[function.name]
        return _distinct([*([set_by_user] if set_by_user else []), *likely, function.endpoint])

    def _open_parameters(self, name: str, arguments: Mapping[str, object], rows: pa.Table | None) -> None:
        """Find the names of the parameters that can have several; one that is ignored counts only without another."""
        for parameter in candidates.PARAMETERS:
            if parameter.function != name or rows is None:
                continue
            value = parameter.value(rows)
            sent = value if isinstance(value, int) else [value]
            names = self.settings.parameter_names
            default = camel_case(parameter.name)
            accepted = None
            for wire_name in _distinct([names.get(parameter.name, default), *parameter.wire_names]):
                settings = replace(self.settings, parameter_names=_with(names, parameter.name, wire_name, default))
                found = self._rows(FUNCTIONS[name], {**arguments, parameter.name: sent}, settings, wire_name)
                if found is None:
                    continue
                accepted = accepted or settings
                if parameter.has_effect(found, value):
                    accepted = settings
                    break
            self.discovery.settings = accepted or self.settings

    def _rows(
        self, function: Function, arguments: Mapping[str, object], settings: Settings, note: str
    ) -> pa.Table | None:
        """Send a small request and return its rows; None if it did not work."""
        part = split(function, check_arguments(function, arguments))[0]
        path = settings.path_of(part.function, part.endpoint, part.source)
        found: list[Response] = []

        def ask() -> str:
            self.service.settings = replace(
                self.service.settings,
                path_template=settings.path_template,
                omit_source=settings.omit_source,
                enums=settings.enums,
                endpoints=settings.endpoints,
                parameter_names=settings.parameter_names,
            )
            response = self.service.answer(part, Cancellation())
            _check_columns(part, response)
            found.append(response)
            warning = f"; it warns: {response.warning}" if response.warning else ""
            return f"{response.rows:,} rows{warning}"

        self._try(function.name, f"POST {path}{f' ({note})' if note else ''}", ask)
        return pa.Table.from_batches(found[0].batches) if found else None

    def _try(self, subject: str, tried: str, request: Callable[[], str]) -> TickframeError | None:
        """Send one request, record the trial, and return the error if it failed.

        Raises
        ------
        _StoppedError
            If another request makes no sense.
        """
        for attempt in (1, 2):
            if len(self.discovery.trials) == MAXIMUM_REQUESTS:
                raise _StoppedError(f"stopped after {MAXIMUM_REQUESTS} requests")
            if self.discovery.trials:
                time.sleep(self._pause)
            started = time.monotonic()
            error = None
            try:
                answer = request()
            except SettingsError:
                raise
            except TickframeError as failed:
                error, answer = failed, _words(failed)
            trial = Trial(subject, tried, error is None, answer, round(time.monotonic() - started, 3))
            self.discovery.trials.append(trial)
            self._tell(trial)
            if not isinstance(error, RateLimitError) or attempt == 2:
                break
            time.sleep(min(error.retry_after or self._pause, _LONGEST_WAIT))
        self._stop_if_hopeless(subject, error)
        return error

    def _stop_if_hopeless(self, subject: str, error: TickframeError | None) -> None:
        if isinstance(error, RateLimitError):
            raise _StoppedError("the service asks for fewer requests: try again later")
        if isinstance(error, AuthenticationError) and subject in FUNCTIONS:
            raise _StoppedError("the service refuses the token: check the account, and auth_url")
        self._failures = self._failures + 1 if isinstance(error, TransportError) else 0
        if self._failures == _MAXIMUM_FAILURES or (self._failures and len(self.discovery.trials) == 1):
            raise _StoppedError("no connection to the service: check base_url and the network")


def _check_columns(part: Part, response: Response) -> None:
    """Raise an error if a response with rows has none of the documented columns: it is of another function."""
    if response.rows and len(response.missing) == len(part.columns):
        raise ServiceError("other columns than those of this function", status=200)


def _words(error: TickframeError) -> str:
    """Return what the service answered, rather than what to do about it."""
    if isinstance(error, ServiceError) and error.status != 200:
        return f"HTTP {error.status}{f': {error.description}' if error.description else ''}"
    return error.message.removesuffix(FIRST_CONTACT_HINT)


def _place(template: str, *, omit: bool) -> str:
    """Return where the source travels, unless the path shows it."""
    if "{source}" in template:
        return ""
    return "without the source" if omit else "source as a parameter"


def _with_enums(places: Sequence[tuple[str, Settings]]) -> list[tuple[str, Settings]]:
    """Return each place of the source with each way that enums may travel."""
    return [
        (", ".join(filter(None, [note, f"enums={enums}"])), replace(settings, enums=enums))
        for enums in candidates.ENUMS
        for note, settings in places
    ]


def _with(names: Mapping[str, str], name: str, value: str, default: str) -> dict[str, str]:
    """Return names with one replaced, and without it if that is the default."""
    others = {key: each for key, each in names.items() if key != name}
    return others if value == default else {**others, name: value}


def _preferred(sources: pa.Table | None) -> str:
    """Return the documentation's source if the account has it, otherwise its first."""
    names = sources["source"].to_pylist() if sources is not None and "source" in sources.column_names else []
    return DEFAULT_SOURCE if DEFAULT_SOURCE in names or not names else str(names[0])


def _distinct(values: Iterable[_Value]) -> list[_Value]:
    return list(dict.fromkeys(values))
