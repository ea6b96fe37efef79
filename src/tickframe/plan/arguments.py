"""What a user may write for a day, a time, a symbol or an enum, checked before anything is sent."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeGuard, TypeVar

import numpy as np
import pandas as pd

from tickframe.catalogue import ChainType, Function, Parameter, ParameterKind, TickDataFlag, TickDataType

#: What a day can be given as: ``2016-05-05``, ``2016.05.05``, a date, or a midnight without a zone.
Day = str | dt.date | pd.Timestamp | np.datetime64
#: What a time of day can be given as: ``09:00``, ``09:00:00.000000001``, a time, or the time since midnight.
TimeOfDay = str | dt.time | dt.timedelta | pd.Timedelta | np.timedelta64

_DAY = re.compile(r"(\d{4})([-.])(\d{2})\2(\d{2})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?")
_DAY_LENGTH = pd.Timedelta(days=1)

_Member = TypeVar("_Member", bound=StrEnum)


def check_arguments(function: Function, arguments: Mapping[str, object]) -> dict[str, object]:
    """Check the arguments of a documented function and return them in one spelling.

    Parameters
    ----------
    function
        The function.
    arguments
        Its arguments by documented name; None counts as not given.

    Returns
    -------
    dict
        In documented order: strings, ints, ``datetime.date``, ``pandas.Timedelta`` since midnight,
        and tuples of strings or, where a query splits, of the values it splits over.

    Raises
    ------
    ValueError
        If one is missing, unknown, malformed or empty, or a first comes after its last.
    """
    known = {parameter.name for parameter in function.parameters}
    for name in arguments:
        if name not in known:
            raise ValueError(f"{function.name} has no parameter {name!r}{_did_you_mean(name, known)}")
    checked: dict[str, object] = {}
    for parameter in function.parameters:
        value = arguments.get(parameter.name)
        if value is not None:
            checked[parameter.name] = _check(parameter, value)
        elif parameter.required:
            raise ValueError(f"{function.name} needs {parameter.name!r}: give it a value")
    for first, last in (("from_time", "to_time"), ("first_day", "last_day")):
        if first in checked and last in checked and checked[first] > checked[last]:  # type: ignore[operator]
            raise ValueError(f"{first} {checked[first]} comes after {last} {checked[last]}: exchange them")
    return checked


def _check(parameter: Parameter, value: object) -> object:
    name = parameter.name
    match parameter.kind:
        case ParameterKind.STRING:
            return parse_strings(value, name) if parameter.splits else parse_string(value, name)
        case ParameterKind.STRING_LIST:
            return parse_strings(value, name)
        case ParameterKind.INTEGER:
            return parse_positive_integer(value, name)
        case ParameterKind.DATE:
            return parse_days(value, name) if parameter.splits else parse_day(value, name)
        case ParameterKind.TIME:
            return parse_time(value, name)
        case ParameterKind.DATA_TYPE:
            return parse_member(value, TickDataType, name)
        case ParameterKind.CHAIN_TYPE:
            return parse_member(value, ChainType, name)
        case ParameterKind.FLAGS:
            flags = [value] if isinstance(value, str) else value
            if not _is_collection(flags):
                raise ValueError(f"{name} {value!r} is no list of flags: give some of {', '.join(TickDataFlag)}")
            return tuple(dict.fromkeys(parse_member(flag, TickDataFlag, name) for flag in flags))


def parse_string(value: object, name: str) -> str:
    """Check a string that must say something."""
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a string, not {value!r}")
    if not value.strip():
        raise ValueError(f"{name} is empty: write one, such as those that lookup_sources() and lookup_symbols() find")
    return value


def parse_strings(value: object, name: str) -> tuple[str, ...]:
    """Check one string or several; a repeated one counts once."""
    values = [value] if isinstance(value, str) else value
    if not _is_collection(values):
        raise ValueError(f"{name} must be a string or a list of strings, not {value!r}")
    strings = tuple(dict.fromkeys(parse_string(each, name) for each in values))
    if not strings:
        raise ValueError(f"{name} is empty: give at least one")
    return strings


def _is_collection(value: object) -> TypeGuard[Iterable[object]]:
    """Say whether a value is several, and what they are is plain: no mapping, no table, no bytes."""
    if isinstance(value, np.ndarray | pd.DataFrame) and value.ndim != 1:
        return False
    return isinstance(value, Iterable) and not isinstance(value, Mapping | bytes | bytearray | pd.DataFrame)


def parse_positive_integer(value: object, name: str) -> int:
    """Check a count or a size."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
    return int(value)


def parse_member(value: object, members: type[_Member], name: str) -> _Member:
    """Check an enum's member or its name, upper or lower case."""
    if isinstance(value, members):
        return value
    names = [member.name for member in members]
    if isinstance(value, str) and value.upper() in names:
        return members[value.upper()]
    suggestion = _did_you_mean(value.upper(), names) if isinstance(value, str) else ""
    raise ValueError(f"{name} {value!r} is none of {', '.join(names)}{suggestion}")


def parse_day(value: object, name: str = "day") -> dt.date:
    """Check a day.

    Raises
    ------
    ValueError
        If it is no day of the calendar, carries a time other than midnight, or a time zone.
    """
    if isinstance(value, str):
        if not (written := _DAY.fullmatch(value)):
            raise ValueError(f"{name} {value!r} is no day: write it as 2016-05-05 or 2016.05.05")
        year, _, month, day = written.groups()
        try:
            return dt.date(int(year), int(month), int(day))
        except ValueError as error:
            raise ValueError(f"{name} {value!r} is no day of the calendar: {error}") from None
    if isinstance(value, dt.datetime | np.datetime64):
        if isinstance(value, np.datetime64) and np.datetime_data(value)[0] in ("Y", "M", "W"):
            raise ValueError(
                f"{name} {value!r} is longer than a day: give 2016-05-05, or a pair of the first and the last"
            )
        if pd.isna(value):
            raise ValueError(f"{name} is NaT, no day: leave missing days out")
        try:
            moment = pd.Timestamp(value)
            day = moment.date()
        except (ValueError, NotImplementedError) as error:
            raise ValueError(f"{name} {value!r} is no day of the calendar: {error}") from None
        if moment.tzinfo is not None or moment != moment.normalize():
            raise ValueError(f"{name} {value!r} is a moment, not a day: give a date, or a midnight without a zone")
        return day
    if isinstance(value, dt.date):
        return value
    raise ValueError(f"{name} {value!r} is no day: give 2016-05-05, a date or a timestamp at midnight")


def parse_days(value: object, name: str = "day") -> tuple[dt.date, ...]:
    """Check one day, or a pair of the first and the last, and return each calendar day of it.

    Raises
    ------
    ValueError
        As :func:`parse_day`; also for a pair whose first comes after its last, or a list.
    """
    if not isinstance(value, tuple):
        if isinstance(value, Iterable) and not isinstance(value, str):
            raise ValueError(f"{name} takes one day or a pair (first, last), both included: give a tuple of two")
        return (parse_day(value, name),)
    if len(value) != 2:
        raise ValueError(
            f"{name} takes one day or a pair (first, last), not {len(value)} values: "
            "ask for other days in queries of their own"
        )
    first, last = (parse_day(each, name) for each in value)
    if first > last:
        raise ValueError(f"the first {name} {first} comes after the last, {last}: exchange them")
    return tuple(first + dt.timedelta(days=offset) for offset in range((last - first).days + 1))


def parse_time(value: object, name: str = "time") -> pd.Timedelta:
    """Check a time of day and return the time since midnight, to the nanosecond.

    Raises
    ------
    ValueError
        If it is no time of day, or lies outside one.
    """
    since_midnight = _since_midnight(value, name)
    if not pd.Timedelta(0) <= since_midnight <= _DAY_LENGTH:
        raise ValueError(f"{name} {value!r} lies outside a day: give 00:00 to 24:00")
    return since_midnight.as_unit("ns")


def _since_midnight(value: object, name: str) -> pd.Timedelta:
    if isinstance(value, str):
        written = _TIME.fullmatch(value)
        if not written:
            raise ValueError(f"{name} {value!r} is no time of day: write it as 09:00, 09:00:00.000 or finer")
        hours, minutes, seconds, fraction = (part or "0" for part in written.groups())
        if int(minutes) > 59 or int(seconds) > 59:
            raise ValueError(f"{name} {value!r} is no time of day: minutes and seconds end at 59")
        total = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        return pd.Timedelta(total * 1_000_000_000 + int(fraction.ljust(9, "0")), unit="ns")
    if isinstance(value, dt.time):
        if value.tzinfo is not None:
            raise ValueError(f"{name} {value!r} has a zone: the service takes wall-clock times without one")
        return pd.Timedelta(value.isoformat())
    if isinstance(value, dt.timedelta | np.timedelta64) and not pd.isna(value):
        return pd.Timedelta(value)
    raise ValueError(f"{name} {value!r} is no time of day: give 09:00:00.000, a time or a timedelta")


def _did_you_mean(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(names), n=1)
    return f": did you mean {near[0]!r}?" if near else ""
