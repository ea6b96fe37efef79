"""Keys: what identifies a request in the cache, and the name of its entry.

``source=ACTIV/function=tick_data/symbol=ZAL.XE/date=2016-05-05/090000-093000-<digest>.parquet``: the
folders and the window are for people and for readers of Hive-partitioned datasets. The digest
identifies the request. It covers the service, the account unless the cache is shared, the path and all
parameters except the window, so that a wider window of the same request is found by name.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

import pandas as pd

from tickframe.plan.part import Part
from tickframe.settings import Settings

#: Version of the entry format. Each version has its own digests, so several can share a folder.
FORMAT = 1
_CONTRACT = "2.0.0"

_WINDOW = ("from_time", "to_time")
# Lowercase letters are escaped too: some file systems ignore case.
_PLAIN = frozenset(string.ascii_uppercase + string.digits + "-_.")
_LONGEST_NAME = 120
_DIGEST_LENGTH = 32

# What folder_name() returns.
_VALUE = "[A-Z0-9_.%-]*(?:~[0-9a-f]{16})?"
_FUNCTION = "[A-Za-z0-9_.%-]*(?:~[0-9a-f]{16})?"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{6,}(?:\.[0-9]{9})?"
_NAME = re.compile(
    rf"""
    (?P<folder>
        source={_VALUE}
        /function={_FUNCTION}
        (?:/symbol={_VALUE}|/[0-9]+-symbols)?
        (?:/date=(?P<date>{_DAY})|/days-{_DAY}-{_DAY})?
    )
    /(?:day|(?P<first>start|{_TIME})-(?P<last>end|{_TIME}))
    -(?P<digest>[0-9a-f]{{{_DIGEST_LENGTH}}})\.parquet
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Window:
    """A time window of a day, in nanoseconds since midnight. Both ends are included; None is unbounded."""

    first: int | None = None
    last: int | None = None

    def __str__(self) -> str:
        """Return the window as it is written in the name of an entry."""
        if self == _WHOLE_DAY:
            return "day"
        return f"{_format_time(self.first, 'start')}-{_format_time(self.last, 'end')}"

    def covers(self, other: Window) -> bool:
        """Return whether the other window lies within this one."""
        begins = self.first is None or (other.first is not None and self.first <= other.first)
        ends = self.last is None or (other.last is not None and other.last <= self.last)
        return begins and ends

    def overlaps(self, other: Window) -> bool:
        """Return whether the windows have a moment in common."""
        return not any(
            one.last is not None and two.first is not None and one.last < two.first
            for one, two in ((self, other), (other, self))
        )


_WHOLE_DAY = Window()


@dataclass(frozen=True, slots=True)
class Key:
    """The identity of a request in the cache.

    Attributes
    ----------
    folder
        Folder of the entry, relative to the cache.
    window
        Time window of the request.
    digest
        Digest of the request without its window.
    """

    folder: str
    window: Window
    digest: str

    @property
    def name(self) -> str:
        """Name of the entry, relative to the cache."""
        return f"{self.folder}/{self.window}-{self.digest}.parquet"

    @property
    def labels(self) -> dict[str, str]:
        """Values of ``source``, ``function``, ``symbol`` and ``date``, as far as the folder names them."""
        pairs = (part.partition("=") for part in self.folder.split("/"))
        return {name: unquote(value) for name, equals, value in pairs if equals}

    @property
    def date(self) -> dt.date | None:
        """The day of the request; None if it has several."""
        date = self.labels.get("date")
        return None if date is None else dt.date.fromisoformat(date)

    def differs_only_in_window(self, other: Key) -> bool:
        """Return whether the other key is of the same request for another window."""
        return self != other and self == replace(other, window=self.window)


def key_of(part: Part, settings: Settings, account: str = "") -> Key:
    """Return the key of a request.

    Parameters
    ----------
    part
        The request.
    settings
        Settings of the service: its name or address, and how requests are written for it.
    account
        Digest of the account that alone gets the response from the cache. Default: all accounts.
    """
    parameters = dict(part.parameters)
    first, last = (_window_end(part, parameters, name) for name in _WINDOW)
    windowless = replace(part, parameters=tuple(each for each in part.parameters if each[0] not in _WINDOW))
    asked = windowless if part.is_documented else part
    head = [
        f"tickframe {FORMAT}",
        f"contract {_CONTRACT}",
        settings.service_name,
        *([f"account {account}"] if account else []),
        settings.path_of(part.function, part.endpoint, part.source),
        # The wire names of the window, and the columns that the response is read as: both can change with a version.
        *(settings.parameter_names.get(name, name) for name in _WINDOW),
        *(f"{column.name} {column.kind} {column.optional}" for column in part.columns),
        "",
    ]
    identity = "\n".join(head).encode() + asked.key(settings.request_format)
    return Key(
        folder="/".join(_folders(part, parameters)),
        window=Window(first, last),
        digest=hashlib.sha256(identity).hexdigest()[:_DIGEST_LENGTH],
    )


def key_from_name(name: str) -> Key | None:
    """Return the key of an entry from its name, relative to the cache; None if the file is not an entry."""
    found = _NAME.fullmatch(name)
    if found is None or not _is_day(found["date"] or "2000-01-01"):
        return None
    key = Key(found["folder"], Window(_parse_time(found["first"]), _parse_time(found["last"])), found["digest"])
    # The pattern allows other spellings of a window, such as 099900 for 103900.
    return key if key.name == name else None


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _window_end(part: Part, parameters: dict[str, object], name: str) -> int | None:
    value = parameters.get(name)
    # The meaning of these parameters is known only for documented functions.
    return value.as_unit("ns").value if part.is_documented and isinstance(value, pd.Timedelta) else None


def _folders(part: Part, parameters: dict[str, object]) -> Iterator[str]:
    yield f"source={folder_name(parameters.get('source'))}"
    function = part.function if part.is_documented else f"get {part.function}"
    yield f"function={folder_name(function, keep_lowercase=True)}"
    symbols = parameters.get("symbol", parameters.get("symbols"))
    match symbols:
        case str() | (_,):
            yield f"symbol={folder_name(symbols if isinstance(symbols, str) else symbols[0])}"
        case tuple():
            yield f"{len(symbols)}-symbols"
    day = parameters.get("day")
    if isinstance(day, dt.date) and not isinstance(day, dt.datetime):
        yield f"date={day.isoformat()}"
    elif days := part.days():
        yield f"days-{min(days).isoformat()}-{max(days).isoformat()}"


def folder_name(value: object, *, keep_lowercase: bool = False) -> str:
    """Escape a value for use as the name of one folder on any file system: symbols are user input.

    ``urllib.parse.unquote`` restores the value, unless it had to be shortened.
    """
    plain = _PLAIN.union(string.ascii_lowercase) if keep_lowercase else _PLAIN
    escaped = "".join(
        letter if letter in plain else "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))
        for letter in str(value)
    )
    if escaped.endswith("."):
        # Windows removes trailing dots.
        escaped = f"{escaped[:-1]}%2E"
    if len(escaped) > _LONGEST_NAME:
        escaped = f"{escaped[:_LONGEST_NAME]}~{hashlib.sha256(escaped.encode()).hexdigest()[:16]}"
    return escaped


def _format_time(nanoseconds: int | None, unbounded: str) -> str:
    if nanoseconds is None:
        return unbounded
    seconds, fraction = divmod(nanoseconds, 10**9)
    text = f"{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}"
    return f"{text}.{fraction:09}" if fraction else text


def _parse_time(text: str | None) -> int | None:
    if text is None or text in ("start", "end"):
        return None
    clock, _, fraction = text.partition(".")
    hours, minutes, seconds = int(clock[:-4]), int(clock[-4:-2]), int(clock[-2:])
    return ((hours * 60 + minutes) * 60 + seconds) * 10**9 + int(fraction or 0)
