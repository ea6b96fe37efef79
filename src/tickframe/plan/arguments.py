"""Arguments of the documented functions, checked before anything is sent."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeGuard, TypeVar

import numpy as np
import pandas as pd

from tickframe.catalogue import (
    METRICS,
    RENAMED_FIELDS,
    ChainType,
    Function,
    ItemType,
    Parameter,
    ParameterKind,
    TickDataFlag,
    TickDataType,
)
from tickframe.catalogue.metrics import METRIC_NAME
from tickframe.errors import warn

#: A day: ``2016-05-05``, ``2016.05.05``, a date, or midnight without a time zone.
Day = str | dt.date | pd.Timestamp | np.datetime64
#: A time of day: ``09:00``, ``09:00:00.000000001``, a time, or the time since midnight.
TimeOfDay = str | dt.time | dt.timedelta | pd.Timedelta | np.timedelta64

_DAY = re.compile(r"(\d{4})([-.])(\d{2})\2(\d{2})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?")
_MEMBER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
# A name that is at least so similar to a known one is taken for a mistyped one.
_TYPO = 0.8
_DAY_LENGTH = pd.Timedelta(days=1)

# Pairs of parameters that are a range, both included.
_RANGES = (
    ("from_time", "to_time"),
    ("first_day", "last_day"),
    ("dateFrom", "dateTo"),
    ("from_datetime", "to_datetime"),
    ("lower_price_limit", "upper_price_limit"),
)

_Member = TypeVar("_Member", bound=StrEnum)


def check_arguments(function: Function, arguments: Mapping[str, object]) -> dict[str, object]:
    """Return the arguments of a documented function, checked and converted.

    Parameters
    ----------
    function
        The function.
    arguments
        Its arguments by documented name. None counts as omitted.

    Returns
    -------
    dict
        In documented order: str, int, float, bool, ``datetime.date``, ``pandas.Timedelta`` since midnight,
        ``pandas.Timestamp``, mappings of metrics, and tuples of strings or of the values that the query is split by.

    Raises
    ------
    ValueError
        If an argument is missing, unknown, invalid or empty, or a range is reversed.

    Warns
    -----
    TickframeWarning
        If a value is none of the documented ones; it is sent all the same.
    """
    return _check_all(function.name, function.parameters, arguments)


def _check_all(name: str, parameters: Iterable[Parameter], arguments: Mapping[str, object]) -> dict[str, object]:
    known = {parameter.name: parameter for parameter in parameters}
    for argument in arguments:
        if argument not in known:
            raise ValueError(f"{name} has no parameter {argument!r}{did_you_mean(argument, known)}")
    checked: dict[str, object] = {}
    for parameter in known.values():
        value = arguments.get(parameter.name)
        if value is not None:
            checked[parameter.name] = _check(parameter, value)
            _check_values(parameter, checked[parameter.name])
        elif parameter.required:
            raise ValueError(f"missing argument {parameter.name!r} of {name}")
    for first, last in _RANGES:
        if first in checked and last in checked and checked[first] > checked[last]:  # type: ignore[operator]
            raise ValueError(f"reversed range: {first} {checked[first]} is after {last} {checked[last]}")
    return checked


def _check_values(parameter: Parameter, checked: object) -> None:
    """Warn of values that are not documented, and reject documented ones that exclude each other."""
    values = [checked] if isinstance(checked, str) else checked
    if not parameter.values or not isinstance(values, list | tuple):
        return
    for value in values:
        if value not in parameter.values:
            warn(
                f"{parameter.name} {value!r} is sent although it is not documented"
                f"{did_you_mean(str(value), parameter.values)}; the documented ones are {', '.join(parameter.values)}"
            )
    for group in parameter.alternatives:
        both = [value for value in values if value in group]
        if len(both) > 1:
            raise ValueError(f"invalid {parameter.name}: {' and '.join(both)} exclude each other; pass one of them")


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
        case ParameterKind.FLOAT:
            return parse_float(value, name)
        case ParameterKind.BOOLEAN:
            return parse_boolean(value, name)
        case ParameterKind.TIMESTAMP:
            return parse_timestamp(value, name)
        case ParameterKind.METRICS:
            return parse_metrics(value, name)
        case ParameterKind.DATA_TYPE:
            return parse_member(value, TickDataType, name)
        case ParameterKind.CHAIN_TYPE:
            return parse_member(value, ChainType, name)
        case ParameterKind.FLAGS:
            return parse_members(value, TickDataFlag, name)
        case ParameterKind.ITEM_TYPES:
            return parse_members(value, ItemType, name)


def parse_string(value: object, name: str) -> str:
    """Return a string that is not blank."""
    if not isinstance(value, str):
        raise ValueError(f"invalid {name} {value!r}: expected a string")
    if not value.strip():
        raise ValueError(f"{name} is empty: lookup_sources() and lookup_symbols() list what there is")
    return value


def parse_strings(value: object, name: str) -> tuple[str, ...]:
    """Return one string or several without duplicates."""
    values = [value] if isinstance(value, str) else value
    if not _is_collection(values):
        raise ValueError(f"invalid {name} {value!r}: expected a string or a list of strings")
    strings = tuple(dict.fromkeys(parse_string(each, name) for each in values))
    if not strings:
        raise ValueError(f"{name} is empty: pass at least one")
    return strings


def _is_collection(value: object) -> TypeGuard[Iterable[object]]:
    """Return whether a value is a plain collection of values, not a mapping, a table or bytes."""
    if isinstance(value, np.ndarray | pd.DataFrame) and value.ndim != 1:
        return False
    return isinstance(value, Iterable) and not isinstance(value, Mapping | bytes | bytearray | pd.DataFrame)


def parse_positive_integer(value: object, name: str) -> int:
    """Return a count or a size."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"invalid {name} {value!r}: expected an integer of at least 1")
    return int(value)


def parse_float(value: object, name: str) -> float:
    """Return a finite number."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise ValueError(f"invalid {name} {value!r}: expected a number")
    if not math.isfinite(value):
        raise ValueError(f"invalid {name} {value!r}: expected a finite number")
    return float(value)


def parse_boolean(value: object, name: str) -> bool:
    """Return a bool."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"invalid {name} {value!r}: expected True or False")
    return bool(value)


def parse_timestamp(value: object, name: str) -> pd.Timestamp:
    """Return a day with a time of day in nanoseconds, without a time zone."""
    if not isinstance(value, str | dt.date | np.datetime64) or not (isinstance(value, str) or not pd.isna(value)):
        raise ValueError(f"invalid {name} {value!r}: expected a timestamp such as '2019-10-10 10:00:00'")
    try:
        moment = pd.Timestamp(value).as_unit("ns")
    except ValueError as error:
        raise ValueError(f"invalid {name} {value!r}: {error}") from None
    if pd.isna(moment) or moment.tzinfo is not None:
        raise ValueError(f"invalid {name} {value!r}: expected a timestamp without a time zone")
    return moment


def parse_metrics(value: object, name: str) -> Mapping[str, Mapping[str, object]]:
    """Return metrics with their checked arguments, by the name of their columns.

    Parameters
    ----------
    value
        A mapping of names to mappings, each with the ``metric`` and its arguments.

    Raises
    ------
    ValueError
        If there are none, a metric is unknown, or an argument or field of one is wrong.
    """
    if not isinstance(value, Mapping) or not value:
        raise ValueError(f"invalid {name} {value!r}: expected a mapping of names to metrics, at least one")
    return {
        parse_string(key, f"name in {name}"): _parse_metric(each, f"{name}[{key!r}]") for key, each in value.items()
    }


def _parse_metric(value: object, name: str) -> dict[str, object]:
    if not isinstance(value, Mapping) or not isinstance(value.get(METRIC_NAME), str):
        raise ValueError(f"invalid {name} {value!r}: expected a mapping with 'metric' and the arguments of this metric")
    metric = METRICS.get(value[METRIC_NAME])
    if metric is None:
        raise ValueError(
            f"invalid metric {value[METRIC_NAME]!r} of {name}: expected one of {', '.join(METRICS)}"
            f"{did_you_mean(value[METRIC_NAME], METRICS)}"
        )
    arguments = {argument: each for argument, each in value.items() if argument != METRIC_NAME}
    checked = _check_all(f"{metric.name} in {name}", metric.parameters, arguments)
    for field in checked.get("fields", ()):  # type: ignore[attr-defined]
        if field in RENAMED_FIELDS:
            raise ValueError(f"invalid field {field!r} of {name}: it is called {RENAMED_FIELDS[field]!r} today")
        if field not in metric.fields:
            raise ValueError(
                f"invalid field {field!r} of {name}: expected some of {', '.join(metric.fields)}"
                f"{did_you_mean(field, metric.fields)}"
            )
    return {METRIC_NAME: metric.name, **checked}


def parse_members(value: object, members: type[_Member], name: str) -> tuple[_Member | str, ...]:
    """Return one member of an enum or several without duplicates, each as :func:`parse_member` returns it."""
    values = [value] if isinstance(value, str) else value
    if not _is_collection(values):
        raise ValueError(f"invalid {name} {value!r}: expected a list of {', '.join(members)}")
    return tuple(dict.fromkeys(parse_member(each, members, name) for each in values))


def parse_member(value: object, members: type[_Member], name: str) -> _Member | str:
    """Return the member of an enum for a member or its name in upper or lower case.

    The name of a member that this version does not know is returned as it is, with a warning, so that it can be sent.

    Raises
    ------
    ValueError
        If the value is no name of a member; or if it is nearly the name of one, unless several values can be given: a
        mistyped data type or chain type would return other columns or instruments.
    """
    if isinstance(value, members):
        return value
    names = [member.name for member in members]
    if not isinstance(value, str) or not _MEMBER_NAME.fullmatch(value):
        raise ValueError(f"invalid {name} {value!r}: expected one of {', '.join(names)}")
    written = value.upper()
    if written in names:
        return members[written]
    suggestion = did_you_mean(written, names)
    if members is not TickDataFlag and difflib.get_close_matches(written, names, cutoff=_TYPO):
        raise ValueError(
            f"invalid {name} {value!r}: expected one of {', '.join(names)}{suggestion} Client.get() sends any name"
        )
    warn(f"{name} {value!r} is not known to this version of tickframe and is sent as it is{suggestion}")
    return value


def parse_day(value: object, name: str = "day") -> dt.date:
    """Return a day.

    Raises
    ------
    ValueError
        If the value is not a day, or has a time other than midnight or a time zone.
    """
    if isinstance(value, str):
        if not (written := _DAY.fullmatch(value)):
            raise ValueError(f"invalid {name} {value!r}: expected YYYY-MM-DD")
        year, _, month, day = written.groups()
        try:
            return dt.date(int(year), int(month), int(day))
        except ValueError as error:
            raise ValueError(f"invalid {name} {value!r}: {error}") from None
    if isinstance(value, dt.datetime | np.datetime64):
        if isinstance(value, np.datetime64) and np.datetime_data(value)[0] in ("Y", "M", "W"):
            raise ValueError(f"invalid {name} {value!r}: expected a day, or a pair of the first and the last day")
        if pd.isna(value):
            raise ValueError(f"invalid {name} NaT: drop missing days")
        try:
            moment = pd.Timestamp(value)
            day = moment.date()
        except (ValueError, NotImplementedError) as error:
            raise ValueError(f"invalid {name} {value!r}: {error}") from None
        if moment.tzinfo is not None or moment != moment.normalize():
            raise ValueError(f"invalid {name} {value!r}: expected a date, or midnight without a time zone")
        return day
    if isinstance(value, dt.date):
        return value
    raise ValueError(f"invalid {name} {value!r}: expected YYYY-MM-DD, a date or a timestamp at midnight")


def parse_days(value: object, name: str = "day") -> tuple[dt.date, ...]:
    """Return one day, or each calendar day of a pair (first, last), both included.

    Raises
    ------
    ValueError
        As for :func:`parse_day`, and if the pair is reversed or not a tuple.
    """
    if not isinstance(value, tuple):
        if isinstance(value, Iterable) and not isinstance(value, str):
            raise ValueError(f"invalid {name}: expected one day, or a tuple (first, last) with both included")
        return (parse_day(value, name),)
    if len(value) != 2:
        raise ValueError(
            f"invalid {name}: expected one day or (first, last), not {len(value)} days; load single days with a "
            "query each"
        )
    first, last = (parse_day(each, name) for each in value)
    if first > last:
        raise ValueError(f"reversed {name} range: {first} is after {last}")
    return tuple(first + dt.timedelta(days=offset) for offset in range((last - first).days + 1))


def parse_time(value: object, name: str = "time") -> pd.Timedelta:
    """Return a time of day as the time since midnight in nanoseconds.

    Raises
    ------
    ValueError
        If the value is not a time from 00:00 to 24:00, or has a time zone.
    """
    since_midnight = _since_midnight(value, name)
    if not pd.Timedelta(0) <= since_midnight <= _DAY_LENGTH:
        raise ValueError(f"invalid {name} {value!r}: expected 00:00 to 24:00")
    return since_midnight.as_unit("ns")


def _since_midnight(value: object, name: str) -> pd.Timedelta:
    if isinstance(value, str):
        written = _TIME.fullmatch(value)
        if not written:
            raise ValueError(f"invalid {name} {value!r}: expected HH:MM, HH:MM:SS or HH:MM:SS with up to nine decimals")
        hours, minutes, seconds, fraction = (part or "0" for part in written.groups())
        if int(minutes) > 59 or int(seconds) > 59:
            raise ValueError(f"invalid {name} {value!r}: minutes and seconds must be below 60")
        total = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
        return pd.Timedelta(total * 1_000_000_000 + int(fraction.ljust(9, "0")), unit="ns")
    if isinstance(value, dt.time):
        if value.tzinfo is not None:
            raise ValueError(f"invalid {name} {value!r}: expected a time without a time zone")
        return pd.Timedelta(value.isoformat())
    if isinstance(value, dt.timedelta | np.timedelta64) and not pd.isna(value):
        return pd.Timedelta(value)
    raise ValueError(f"invalid {name} {value!r}: expected HH:MM:SS, a time or a timedelta")


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return the end of a message that names the most similar of some names; empty if none is similar."""
    near = difflib.get_close_matches(name, list(names), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
