"""Where the answer to a request lies in the cache, and what a request is to the cache.

``source=ACTIV/function=tick_data/symbol=ZAL.XE/date=2016-05-05/090000-093000-<digest>.parquet``: the
folders and the window are for people and for readers of such datasets, the digest is what tells
requests apart. It is of the service, the path and all parameters but the window, so that a wider
window of the same request is found by name. No credential has a part in it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

import pandas as pd

from tickframe.catalogue import FUNCTIONS, TickDataFlag
from tickframe.plan.part import Part
from tickframe.settings import Settings

#: The version of the entries' format. Another one has other digests: versions live side by side.
FORMAT = 1
_CONTRACT = "2.0.0"

# Flags that choose rows, and leave each as it is. Of the others the documentation does not say whether a
# window is cut before or after they take effect.
_ROW_BY_ROW = frozenset(
    {
        TickDataFlag.INCLUDE_NON_REGULAR,
        TickDataFlag.INCLUDE_CONTINUOUS_SESSION_ONLY,
        TickDataFlag.INCLUDE_TRADE_CONDITION_INFO,
    }
)
_WINDOW = ("from_time", "to_time")
_MOMENT = re.compile(r"(\d{2,})(\d{2})(\d{2})(?:\.(\d{9}))?")
# What folder_name() can return.
_VALUE = "[A-Z0-9_.%-]*(?:~[0-9a-f]{16})?"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{6,}(?:\.[0-9]{9})?"
_NAME = re.compile(
    rf"""
    (?P<folder>
        source={_VALUE}
        /function=[a-zA-Z0-9_.%-]*(?:~[0-9a-f]{{16}})?
        (?:/symbol={_VALUE}|/[0-9]+-symbols)?
        (?:/date=(?P<date>{_DAY})|/days-{_DAY}-{_DAY})?
    )
    /(?:day|(?P<first>start|{_TIME})-(?P<last>end|{_TIME}))-(?P<digest>[0-9a-f]{{32}})\.parquet
    """,
    re.VERBOSE,
)
# Upper case alone, since some disks take names that differ in case for one.
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_LONGEST_NAME = 120
_DIGEST_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Window:
    """A window of a day, both ends included, in nanoseconds since midnight; None is open."""

    first: int | None = None
    last: int | None = None

    def __str__(self) -> str:
        """Spell it as in an entry's name."""
        if self.first is None and self.last is None:
            return "day"
        return f"{_moment(self.first, 'start')}-{_moment(self.last, 'end')}"

    def covers(self, other: Window) -> bool:
        """Say whether the other window lies within this one."""
        begins = self.first is None or (other.first is not None and self.first <= other.first)
        ends = self.last is None or (other.last is not None and other.last <= self.last)
        return begins and ends

    def overlaps(self, other: Window) -> bool:
        """Say whether the windows have a moment in common."""
        return not any(
            one.last is not None and two.first is not None and one.last < two.first
            for one, two in ((self, other), (other, self))
        )


@dataclass(frozen=True, slots=True)
class Address:
    """Where the answer to a request lies.

    Attributes
    ----------
    folder
        The folder, relative to the cache's.
    window
        The window of the day that is asked for.
    digest
        Of the request but its window.
    """

    folder: str
    window: Window
    digest: str

    @property
    def name(self) -> str:
        """The name of the entry, relative to the cache's folder."""
        return f"{self.folder}/{self.window}-{self.digest}.parquet"

    @property
    def labels(self) -> dict[str, str]:
        """The values of ``source``, ``function``, ``symbol`` and ``date`` that the folder names."""
        pairs = (part.partition("=") for part in self.folder.split("/"))
        return {name: unquote(value) for name, equals, value in pairs if equals}

    @property
    def date(self) -> dt.date | None:
        """The one day that the folder names, None where it names none or several."""
        return dt.date.fromisoformat(self.labels["date"]) if "date" in self.labels else None

    def wider(self, names: Iterable[str]) -> Iterator[Address]:
        """Return the addresses among the names of a folder that answer the same request for a wider window."""
        return (other for other in self._others(names) if other.window.covers(self.window))

    def narrower(self, names: Iterable[str]) -> Iterator[Address]:
        """Return the addresses among the names of a folder that answer the same request for a narrower window."""
        return (other for other in self._others(names) if self.window.covers(other.window))

    def _others(self, names: Iterable[str]) -> Iterator[Address]:
        for other in map(address_named, names):
            if other is not None and other != self and other == replace(self, window=other.window):
                yield other


def address_of(part: Part, settings: Settings) -> Address:
    """Return where the answer to a part lies.

    Parameters
    ----------
    part
        The request.
    settings
        Of the service: its name or address, and how the request is written for it.
    """
    parameters = dict(part.parameters)
    first, last = (_window_end(part, parameters, name) for name in _WINDOW)
    windowless = replace(part, parameters=tuple(each for each in part.parameters if each[0] not in _WINDOW))
    asked = windowless if part.columns else part
    message = asked.to_message("", settings.parameter_names).SerializeToString(deterministic=True)
    head = [
        f"tickframe {FORMAT}",
        f"contract {_CONTRACT}",
        settings.cache_namespace or settings.base_url,
        settings.path_of(part.function, part.endpoint),
        # How the window travels, and what the answer is read as: another version may know other columns.
        *(settings.parameter_names.get(name, name) for name in _WINDOW),
        *(f"{column.name} {column.kind} {column.optional}" for column in part.columns),
        "",
    ]
    return Address(
        folder="/".join(_folders(part, parameters)),
        window=Window(first, last),
        digest=hashlib.sha256("\n".join(head).encode() + message).hexdigest()[:_DIGEST_LENGTH],
    )


def address_named(name: str) -> Address | None:
    """Return the address whose entry has a name, relative to the cache's folder; None where a file is no entry."""
    found = _NAME.fullmatch(name)
    if found is None or not _is_day(found["date"] or "2000-01-01"):
        return None
    address = Address(
        found["folder"], Window(_nanoseconds(found["first"]), _nanoseconds(found["last"])), found["digest"]
    )
    # The same window could be spelled in other ways, such as 099900 for 103900.
    return address if address.name == name else None


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _window_end(part: Part, parameters: dict[str, object], name: str) -> int | None:
    value = parameters.get(name)
    # Only of documented functions is it known what these parameters mean.
    return value.as_unit("ns").value if part.columns and isinstance(value, pd.Timedelta) else None


def _folders(part: Part, parameters: dict[str, object]) -> Iterator[str]:
    yield f"source={folder_name(parameters.get('source'))}"
    yield f"function={folder_name(part.function if part.columns else f'get {part.function}', lower=True)}"
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


def folder_name(value: object, *, lower: bool = False) -> str:
    """Spell a value so that it stays one folder on every disk: a symbol is user input.

    What is escaped can be read back by undoing the percent signs, unless it is too long for a name.
    """
    text = str(value)
    plain = _PLAIN | set("abcdefghijklmnopqrstuvwxyz") if lower else _PLAIN
    escaped = "".join(
        letter if letter in plain else "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))
        for letter in text
    )
    if escaped.endswith("."):
        # Windows drops it.
        escaped = f"{escaped[:-1]}%2E"
    if len(escaped) > _LONGEST_NAME:
        escaped = f"{escaped[:_LONGEST_NAME]}~{hashlib.sha256(escaped.encode()).hexdigest()[:16]}"
    return escaped


def _moment(nanoseconds: int | None, unbounded: str) -> str:
    if nanoseconds is None:
        return unbounded
    seconds, below = divmod(nanoseconds, 10**9)
    text = f"{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}"
    return f"{text}.{below:09}" if below else text


def _nanoseconds(text: str | None) -> int | None:
    moment = _MOMENT.fullmatch(text or "")
    if moment is None:
        return None
    hours, minutes, seconds, below = (int(piece or 0) for piece in moment.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 10**9 + below


def windowed(part: Part) -> str | None:
    """Return the column of times by which a wider window answers a narrower one; None where it does not."""
    function = FUNCTIONS.get(part.function) if part.columns else None
    if function is None or not function.windowed or function.timestamp is None:
        return None
    flags = dict(part.parameters).get("flags", ())
    return function.timestamp[1] if isinstance(flags, tuple) and _ROW_BY_ROW.issuperset(flags) else None
