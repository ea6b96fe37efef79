"""A report of what a service answers, for the maintainers: without secrets, and without data unless it is captured."""

from __future__ import annotations

import base64
import datetime as dt
import json
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from typing import NamedTuple
from urllib.parse import quote, quote_plus, urlsplit

import requests
from google.protobuf.internal import api_implementation

from tickframe.catalogue import FUNCTIONS
from tickframe.errors import SettingsError, TickframeError
from tickframe.first_contact.candidates import small_request
from tickframe.first_contact.discovery import DEFAULT_DAY, DEFAULT_SOURCE, DEFAULT_SYMBOL
from tickframe.http.cancellation import Cancellation
from tickframe.http.service import FIRST_CONTACT_HINT, Service
from tickframe.http.session import open_body
from tickframe.plan.arguments import check_arguments
from tickframe.plan.part import Part, split
from tickframe.settings import FILE_SETTINGS, Settings
from tickframe.settings_file import SECRETS
from tickframe.wire.kernel import kernel
from tickframe.wire.reader import Response, read_responses

#: The functions that are asked, each for a small response.
REPORTED = ("lookup_sources", "lookup_exchanges", "lookup_symbols", "tick_data", "end_of_day")
#: The one whose frame can be captured.
CAPTURED = "tick_data"

_FIRST_BYTES = 64
_FIRST_CHARACTERS = 500
_LONGEST_BODY = 8 * 1024 * 1024
# Shorter texts occur inside ordinary words.
_SHORTEST_MASKED = 4
_MASK = "***"

# The headers whose values hold nothing of the account; of others only the names are reported.
_PUBLIC_HEADERS = frozenset(
    {
        "accept-ranges",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "retry-after",
        "server",
        "transfer-encoding",
        "vary",
        "via",
        "www-authenticate",
    }
)


def versions() -> dict[str, str]:
    """Return the versions to quote in a bug report."""
    return {
        "tickframe": version("tickframe"),
        "kernel": "compiled" if kernel is not None else "not compiled: the official parser decodes, more slowly",
        "protobuf": version("protobuf"),
        "protobuf_implementation": api_implementation.Type(),
        "pyarrow": version("pyarrow"),
        "pandas": version("pandas"),
        "python": platform.python_version(),
    }


def write_report(
    settings: Settings,
    *,
    source: str = DEFAULT_SOURCE,
    symbol: str = DEFAULT_SYMBOL,
    day: dt.date = DEFAULT_DAY,
    capture: bool = False,
    pause: float = 1.0,
) -> str:
    """Ask the service a few small questions, and return what it answered as JSON.

    Secrets, the user's name and what the service says about the account are replaced by ``***``.

    Parameters
    ----------
    settings
        How to reach the service.
    source, symbol, day
        What to ask for.
    capture
        Whether to add the response to ``tick_data`` in base64, one minute of trades, which
        :mod:`tickframe.decode` reads.
    pause
        Seconds between requests.

    Raises
    ------
    SettingsError
        If the account is incomplete.
    """
    started = dt.datetime.now(dt.UTC)
    with Service(settings) as service:
        requests_for_data = [_part(name, source, symbol, day) for name in REPORTED]
        signed_in, sign_in = _sign_in(service)
        exchanges = [_Exchange(sign_in)]
        # Without a token, each request would send the password again.
        asked: list[Callable[[Service], _Exchange]] = [_ask_for_account]
        asked += [partial(_ask, part=part) for part in requests_for_data]
        for ask in asked if signed_in else ():
            time.sleep(pause)
            exchanges.append(ask(service))
        mask = _Mask(service.secrets(), settings.user)
    report = {
        "tickframe_report": 1,
        "time": started.isoformat(timespec="seconds"),
        "versions": versions(),
        "settings": _public_settings(settings),
        "exchanges": [exchange.described for exchange in exchanges],
    }
    if capture:
        frames = next((each.body for each in exchanges if each.described["name"] == CAPTURED), b"")
        # In base64, a secret could not be found and replaced.
        is_public = frames and mask.masked(frames) == frames
        report["captured"] = {
            "function": CAPTURED,
            "frames": base64.b64encode(frames).decode() if is_public else None,
        }
    return json.dumps(mask.in_document(report), indent=2, ensure_ascii=False) + "\n"


def _part(name: str, source: str, symbol: str, day: dt.date) -> Part:
    function = FUNCTIONS[name]
    return split(function, check_arguments(function, small_request(name, source, symbol, day)))[0]


def _sign_in(service: Service) -> tuple[bool, dict[str, object]]:
    """Request a token; return whether there is one, and what to report: a token response holds secrets only."""
    started = time.monotonic()
    refusal = None
    try:
        service.sign_in()
    except SettingsError:
        raise
    except TickframeError as error:
        refusal = error
    return refusal is None, {
        "name": "sign-in",
        "request": f"POST {service.settings.token_url}",
        "outcome": "a token" if refusal is None else _message(refusal),
        "seconds": _since(started),
    }


class _Exchange(NamedTuple):
    """A request and its response.

    Attributes
    ----------
    described : dict
        What to report, not yet without secrets.
    body : bytes
        The body of the response; empty if it is not what was asked for.
    """

    described: dict[str, object]
    body: bytes = b""


def _ask_for_account(service: Service) -> _Exchange:
    """Ask for the account. What the service says about it is personal: only the names of its fields are reported."""
    described: dict[str, object] = {"name": "account"}
    started = time.monotonic()
    try:
        with service.user_exchange() as response:
            described |= _head(response, started)
            body = _read(response)
        described["bytes"] = len(body)
        described |= {"fields": _fields(body)} if response.status_code == requests.codes.ok else {"first_bytes": body}
    except TickframeError as error:
        described["outcome"] = _message(error)
    return _Exchange({**described, "seconds": _since(started)})


def _ask(service: Service, part: Part) -> _Exchange:
    """Send a request for data."""
    described: dict[str, object] = {"name": part.function}
    frames = b""
    started = time.monotonic()
    try:
        with service.exchange(part, Cancellation()) as response:
            described |= _head(response, started)
            body = _read(response)
        described |= {"bytes": len(body), "first_bytes": body, "outcome": "a refusal"}
        if response.status_code == requests.codes.ok:
            described |= _content(list(read_responses(body, part.columns)))
            frames = body
    except TickframeError as error:
        described["outcome"] = _message(error)
    return _Exchange({**described, "seconds": _since(started)}, frames)


def _head(response: requests.Response, started: float) -> dict[str, object]:
    return {
        "request": f"{response.request.method} {response.request.url}",
        "status": response.status_code,
        "seconds_to_headers": _since(started),
        "headers": {name: _header(name, value) for name, value in response.headers.items()},
    }


def _content(frames: Sequence[Response]) -> dict[str, object]:
    schema = frames[0].batches[0].schema
    return {
        "outcome": "frames",
        "frames": len(frames),
        "rows": sum(frame.rows for frame in frames),
        "columns": {field.name: str(field.type) for field in schema},
        "missing": [name for frame in frames for name in frame.missing],
        "meta": [sorted(frame.meta) for frame in frames],
        "warnings": [frame.warning for frame in frames],
    }


def _read(response: requests.Response) -> bytes:
    body, whole, buffer = open_body(response), bytearray(), bytearray(64 * 1024)
    while len(whole) < _LONGEST_BODY and (count := body.readinto(memoryview(buffer))):
        whole += buffer[:count]
    return bytes(whole)


def _fields(body: bytes) -> list[str]:
    try:
        document = json.loads(body)
    except ValueError:
        return []
    return sorted(document) if isinstance(document, dict) else []


def _header(name: str, value: str) -> str:
    return value if name.lower() in _PUBLIC_HEADERS else _MASK


def _message(error: TickframeError) -> str:
    return f"{type(error).__name__}: {error.message.removesuffix(FIRST_CONTACT_HINT)}"


def _since(started: float) -> float:
    return round(time.monotonic() - started, 4)


def _public_settings(settings: Settings) -> dict[str, object]:
    """Return the settings without secrets and without names of persons, files and proxies."""
    public: dict[str, object] = {name: getattr(settings, name) for name in FILE_SETTINGS}
    for name in ("user", *SECRETS):
        public[name] = "set" if getattr(settings, name, None) else "not set"
    public["cert"] = "set" if settings.cert else "not set"
    public["verify"] = settings.verify if isinstance(settings.verify, bool) else "a file"
    public["proxies"] = {scheme: urlsplit(each).scheme for scheme, each in (settings.proxies or {}).items()}
    # The API key takes the place of the password.
    del public["api_key"]
    return public


class _Mask:
    """Replaces secrets, also where they are encoded."""

    def __init__(self, secrets: Iterable[str], user: str | None) -> None:
        written = [text for text in (*secrets, user) if text and len(text) >= _SHORTEST_MASKED]
        forms = {form for text in written for form in self._forms(text)}
        # The longest first, since one can contain another.
        self._forms_of_all = sorted(forms, key=len, reverse=True)

    @staticmethod
    def _forms(text: str) -> Iterable[str]:
        yield text
        yield quote(text, safe="")
        yield quote_plus(text)
        yield json.dumps(text)[1:-1]
        for prefix in ("", "xyt:"):
            yield base64.b64encode(f"{prefix}{text}".encode()).decode().rstrip("=")

    def text(self, text: str) -> str:
        """Return a text with secrets masked."""
        for form in self._forms_of_all:
            text = text.replace(form, _MASK)
        return text

    def masked(self, content: bytes) -> bytes:
        """Return bytes with secrets masked."""
        for form in self._forms_of_all:
            content = content.replace(form.encode(), _MASK.encode())
        return content

    def in_document(self, value: object) -> object:
        """Return a value as JSON can hold it, with secrets masked; bytes are their beginning, in hex and as text."""
        match value:
            case bytes():
                content = self.masked(value)
                text = content[:_FIRST_CHARACTERS].decode("utf-8", "replace")
                is_text = all(letter.isprintable() or letter in "\t\r\n" for letter in text) and "\ufffd" not in text
                return {"hex": content[:_FIRST_BYTES].hex(" "), "text": text if is_text else ""}
            case str():
                return self.text(value)
            case Mapping():
                return {self.text(str(name)): self.in_document(each) for name, each in value.items()}
            case list() | tuple():
                return [self.in_document(each) for each in value]
            case _:
                return value
