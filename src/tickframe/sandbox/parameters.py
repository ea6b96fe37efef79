"""The parameters of a request, read from wire values and checked.

==============  =================================================================================
kind            accepted values
==============  =================================================================================
string          ``string_value``
list            ``string_list``, or ``mixed_list`` of strings
integer         ``integer_value``
date            ``days_value``, ``date_value``, ``timestamp_value`` at midnight,
                or a string such as ``2016-05-05`` or ``2016.05.05``
time of day     ``nanoseconds_value``, ``milliseconds_value``, ``time_value``,
                or a string such as ``09:00:00.000``
data type       the name of a ``TickDataType`` as a string, or in some dialects its number
flags           a list of names of ``TickDataFlag``, or in some dialects of their numbers
item types      a list of names of ``ItemType``, or in some dialects of their numbers
chain type      the name of a ``ChainType`` as a string, or in some dialects its number
number          ``double_value``, ``integer_value``
bool            ``bool_value``
timestamp       ``timestamp_value``
metrics         an object of objects, see :func:`tickframe.catalogue.wire_metrics`
==============  =================================================================================
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import TypedDict, TypeVar, cast

from tickframe.catalogue import (
    ENUM_NUMBERS,
    METRICS,
    ChainType,
    Function,
    ItemType,
    ParameterKind,
    TickDataFlag,
    TickDataType,
)
from tickframe.catalogue.metrics import METRIC_NAME
from tickframe.sandbox.dialect import DOCUMENTED, Dialect
from tickframe.sandbox.refusal import RefusalError, suggestion
from tickframe.wire.contract import Value
from tickframe.wire.values import read_value

NANOSECONDS_OF_DAY = 86_400 * 10**9

# A session can pass midnight, and ends the next day at the latest.
_TIME_LIMIT = 2 * NANOSECONDS_OF_DAY

_EPOCH = dt.date(1970, 1, 1)
_DAY_PATTERN = re.compile(r"(\d{4})([-.])(\d{2})\2(\d{2})", re.ASCII)
_TIME_PATTERN = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?", re.ASCII)

_Name = TypeVar("_Name", bound=StrEnum)


class Parameters(TypedDict, total=False):
    """Checked parameters by documented name. Times are in nanoseconds since midnight, ``bin_size`` in seconds."""

    source: str
    data_type: TickDataType
    symbol: str
    symbols: tuple[str, ...]
    day: dt.date
    first_day: dt.date
    last_day: dt.date
    time: int
    from_time: int
    to_time: int
    bin_size: int
    flags: frozenset[TickDataFlag]
    pattern: str
    exchange_filters: tuple[str, ...]
    region_filters: tuple[str, ...]
    entity_class_filters: tuple[str, ...]
    page_limit: int
    cursor: str
    instrument_type: str
    chain_type: ChainType
    exchange: str
    item_type_filters: frozenset[ItemType]


class _InvalidValueError(Exception):
    """A value is invalid for its parameter; the message states the expected values."""


def read_parameters(function: Function, sent: Mapping[str, Value], dialect: Dialect = DOCUMENTED) -> Parameters:
    """Check the parameters of a request against the catalogue.

    Parameters
    ----------
    function
        The requested function.
    sent
        The request's parameters by wire name. A value that is not set counts as omitted.
    dialect
        How they are written.

    Returns
    -------
    dict
        The checked values by documented name, without those of omitted optional parameters.

    Raises
    ------
    RefusalError
        If a parameter is unknown, missing or invalid.
    """
    documented = {dialect.wire_name(parameter): parameter for parameter in function.parameters}
    for wire_name in sent:
        if wire_name not in documented:
            raise RefusalError(
                f"{function.endpoint} has no parameter {wire_name!r}: {suggestion(wire_name, documented)}"
            )
    values: dict[str, object] = {}
    for wire_name, parameter in documented.items():
        value = sent.get(wire_name)
        if value is None or value.WhichOneof("type") is None:
            if parameter.required:
                raise RefusalError(f"{function.endpoint} needs the parameter {wire_name!r} ({parameter.kind.value})")
            continue
        try:
            values[parameter.name] = _reader(parameter.kind, dialect)(value)
        except _InvalidValueError as error:
            raise RefusalError(f"parameter {wire_name!r} of {function.endpoint}: {error}") from None
    # The readers return the types that Parameters declares.
    return cast("Parameters", values)


def _reader(kind: ParameterKind, dialect: Dialect) -> Callable[[Value], object]:
    as_names = dialect.enums == "names" or (dialect.enums == "numbers_except_flags" and kind is ParameterKind.FLAGS)
    return _READERS[kind] if as_names else {**_READERS, **_NUMBER_READERS}[kind]


def _read_string(value: Value) -> str:
    if value.WhichOneof("type") != "string_value":
        raise _InvalidValueError(f"expected a string, got {_sent(value)}")
    return value.string_value


def _read_string_list(value: Value) -> tuple[str, ...]:
    kind = value.list.WhichOneof("list_type") if value.WhichOneof("type") == "list" else None
    if kind == "string_list":
        return tuple(value.list.string_list.values)
    if kind == "mixed_list":
        return tuple(_read_string(item) for item in value.list.mixed_list.values)
    raise _InvalidValueError(f"expected a list of strings, got {_sent(value)}")


def _read_integer(value: Value) -> int:
    if value.WhichOneof("type") != "integer_value":
        raise _InvalidValueError(f"expected an integer, got {_sent(value)}")
    return value.integer_value


def _read_day(value: Value) -> dt.date:
    kind = value.WhichOneof("type")
    if kind == "string_value":
        return _parse_day(value.string_value)
    if kind == "days_value":
        days = value.days_value
    elif kind == "date_value":
        days = value.date_value.days
    elif kind == "timestamp_value":
        days, since_midnight = divmod(value.timestamp_value, NANOSECONDS_OF_DAY)
        if since_midnight:
            raise _InvalidValueError(f"expected a day, got a timestamp {since_midnight:,} ns after midnight")
    else:
        raise _InvalidValueError(f"expected a day such as '2016-05-05', got {_sent(value)}")
    try:
        return _EPOCH + dt.timedelta(days=days)
    except OverflowError:
        raise _InvalidValueError(f"invalid day: {days:,} days since 1970-01-01 is outside the calendar") from None


def _parse_day(text: str) -> dt.date:
    match = _DAY_PATTERN.fullmatch(text)
    if match is None:
        raise _InvalidValueError(f"expected a day such as '2016-05-05' or '2016.05.05', got {text!r}")
    year, _, month, day = match.groups()
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        raise _InvalidValueError(f"invalid day {text!r}: there is no such date") from None


def _read_time(value: Value) -> int:
    kind = value.WhichOneof("type")
    if kind == "string_value":
        nanoseconds = _parse_time(value.string_value)
    elif kind == "nanoseconds_value":
        nanoseconds = value.nanoseconds_value
    elif kind == "milliseconds_value":
        nanoseconds = value.milliseconds_value * 1_000_000
    elif kind == "time_value":
        nanoseconds = value.time_value.milliseconds * 1_000_000 + value.time_value.nanoseconds
    else:
        raise _InvalidValueError(f"expected a time of day such as '09:00:00.000', got {_sent(value)}")
    if not 0 <= nanoseconds < _TIME_LIMIT:
        raise _InvalidValueError(f"invalid time of {nanoseconds:,} ns since midnight: expected 00:00 to 48:00")
    return nanoseconds


def _parse_time(text: str) -> int:
    match = _TIME_PATTERN.fullmatch(text)
    if match is None:
        raise _InvalidValueError(f"expected a time of day such as '09:00:00.000', got {text!r}")
    hours, minutes, seconds = (int(digits or 0) for digits in match.groups()[:3])
    if minutes > 59 or seconds > 59:
        raise _InvalidValueError(f"invalid time of day {text!r}: minutes and seconds are 00 to 59")
    fraction = int((match[4] or "").ljust(9, "0"))
    return (hours * 3600 + minutes * 60 + seconds) * 10**9 + fraction


def _read_members(members: type[_Name], value: Value) -> frozenset[_Name]:
    return frozenset(_member(members, name) for name in _read_string_list(value))


def _read_metrics(value: Value) -> dict[str, dict[str, object]]:
    """Return metrics as the catalogue spells them, by key; lists are tuples."""
    sent = read_value(value)
    if not isinstance(sent, dict) or not sent:
        raise _InvalidValueError(f"expected an object with metrics, got {_sent(value)}")
    metrics = {}
    for key, arguments in sent.items():
        name = str(arguments.get(METRIC_NAME)) if isinstance(arguments, dict) else ""
        if name not in METRICS:
            raise _InvalidValueError(f"unknown metric of {key!r}: {suggestion(name, METRICS)}")
        known = {parameter.wire_name: parameter.name for parameter in METRICS[name].parameters} | {
            METRIC_NAME: METRIC_NAME
        }
        for argument in arguments:
            if argument not in known:
                raise _InvalidValueError(f"{name} has no argument {argument!r}: {suggestion(argument, known)}")
        read = {
            known[argument]: tuple(each) if isinstance(each, list) else each for argument, each in arguments.items()
        }
        for field in read.get("fields", ()):
            if field not in METRICS[name].fields:
                raise _InvalidValueError(f"{name} has no field {field!r}: {suggestion(field, METRICS[name].fields)}")
        metrics[key] = read
    return metrics


def _read_scalar(*kinds: str) -> Callable[[Value], object]:
    def read(value: Value) -> object:
        if value.WhichOneof("type") not in kinds:
            raise _InvalidValueError(f"expected a {' or '.join(kinds)}, got {_sent(value)}")
        return read_value(value)

    return read


def _read_member_numbers(members: type[_Name], value: Value) -> frozenset[_Name]:
    kind = value.list.WhichOneof("list_type") if value.WhichOneof("type") == "list" else None
    if kind == "integer_list":
        numbers = list(value.list.integer_list.values)
    elif kind == "mixed_list":
        numbers = [_read_integer(item) for item in value.list.mixed_list.values]
    else:
        raise _InvalidValueError(f"expected a list of integers, got {_sent(value)}")
    return frozenset(_numbered(members, number) for number in numbers)


def _numbered(members: type[_Name], number: int) -> _Name:
    known = {ENUM_NUMBERS[member]: member for member in members if member in ENUM_NUMBERS}
    if number not in known:
        raise _InvalidValueError(f"unknown number {number:,}: expected one of {', '.join(map(str, sorted(known)))}")
    return known[number]


def _member(names: type[_Name], name: str) -> _Name:
    try:
        return names(name)
    except ValueError:
        raise _InvalidValueError(f"unknown value {name!r}: {suggestion(name, names)}") from None


def _sent(value: Value) -> str:
    kind = value.WhichOneof("type")
    if kind == "list":
        kind = value.list.WhichOneof("list_type") or "list without values"
    return f"a {kind}"


_READERS: Mapping[ParameterKind, Callable[[Value], object]] = MappingProxyType(
    {
        ParameterKind.STRING: _read_string,
        ParameterKind.STRING_LIST: _read_string_list,
        ParameterKind.INTEGER: _read_integer,
        ParameterKind.DATE: _read_day,
        ParameterKind.TIME: _read_time,
        ParameterKind.DATA_TYPE: lambda value: _member(TickDataType, _read_string(value)),
        ParameterKind.FLAGS: partial(_read_members, TickDataFlag),
        ParameterKind.ITEM_TYPES: partial(_read_members, ItemType),
        ParameterKind.FLOAT: _read_scalar("double_value", "integer_value"),
        ParameterKind.BOOLEAN: _read_scalar("bool_value"),
        ParameterKind.TIMESTAMP: _read_scalar("timestamp_value"),
        ParameterKind.METRICS: _read_metrics,
        ParameterKind.CHAIN_TYPE: lambda value: _member(ChainType, _read_string(value)),
    }
)

_NUMBER_READERS: Mapping[ParameterKind, Callable[[Value], object]] = MappingProxyType(
    {
        ParameterKind.DATA_TYPE: lambda value: _numbered(TickDataType, _read_integer(value)),
        ParameterKind.FLAGS: partial(_read_member_numbers, TickDataFlag),
        ParameterKind.ITEM_TYPES: partial(_read_member_numbers, ItemType),
        ParameterKind.CHAIN_TYPE: lambda value: _numbered(ChainType, _read_integer(value)),
    }
)
