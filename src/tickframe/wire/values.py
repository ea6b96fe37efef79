"""Single values of the contract, from Python and back."""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Callable, Iterable, Mapping
from enum import Enum

import numpy as np
import pandas as pd

from tickframe.wire.contract import Value, ValueList
from tickframe.wire.contract.types_pb2 import IntegerList, MixedList, StringList, ValueObject
from tickframe.wire.lists import (
    EPOCH,
    LIST_TYPES,
    NANOSECONDS_PER_MILLISECOND,
    NULL_INT32,
    NULL_INT64,
    SHIFTED_NULL_DAY,
    SHIFTED_NULL_TIMESTAMP,
    days_of,
)

_NULL_DAYS = (None, NULL_INT32, SHIFTED_NULL_DAY)
_NULL_TIMESTAMPS = (NULL_INT64, SHIFTED_NULL_TIMESTAMP)

_SUPPORTED = "pass a string, a number, a bool, a date, a time, a timestamp, or a list or a mapping of these"


def write_value(value: object) -> Value:
    """Convert a Python value to a value of the contract.

    Parameters
    ----------
    value
        A str, bool, int, float, date, time of day (``datetime.time``, ``timedelta``,
        ``pandas.Timedelta``, ``numpy.timedelta64``), timestamp (``datetime``, ``pandas.Timestamp``,
        ``numpy.datetime64``), an iterable of these, or a mapping of names to these; an array of 64-bit
        integers is a list of integers, another iterable of numbers a list of mixed values. Dates are sent as
        days, times as nanoseconds since midnight, timestamps as nanoseconds since 1970-01-01 (in UTC
        if they have a zone).

    Raises
    ------
    ValueError
        If the value is of another type, or an integer of more than 64 bits.
    """
    match value:
        case _ if value is pd.NaT or (isinstance(value, np.datetime64 | np.timedelta64) and np.isnat(value)):
            raise ValueError("NaT cannot be sent to the service: omit it")
        case Enum():
            return write_value(value.value)
        case str():
            return Value(string_value=value)
        case dt.datetime() | np.datetime64():
            return Value(timestamp_value=pd.Timestamp(value).as_unit("ns").value)
        case dt.date():
            return Value(days_value=(value - EPOCH).days)
        case dt.time():
            return Value(nanoseconds_value=pd.Timedelta(value.isoformat()).as_unit("ns").value)
        case dt.timedelta() | np.timedelta64():
            return Value(nanoseconds_value=pd.Timedelta(value).as_unit("ns").value)
        # NumPy counts a timedelta64 among its integers, so times come first.
        case bool() | np.bool_():
            return Value(bool_value=bool(value))
        case int() | np.integer():
            return Value(integer_value=int(value))
        case float() | np.floating():
            return Value(double_value=float(value))
        case Mapping():
            return Value(object=ValueObject(fields={str(name): write_value(field) for name, field in value.items()}))
        case array() if value.typecode == "q":
            return Value(list=ValueList(integer_list=IntegerList(values=value)))
        case np.ndarray() if value.ndim == 0:
            return write_value(value.item())
        case Iterable() if not isinstance(value, bytes | bytearray | memoryview):
            return Value(list=_write_list(value))
        case _:
            raise ValueError(f"a {type(value).__name__} cannot be sent to the service: {_SUPPORTED}")


def _write_list(values: Iterable[object]) -> ValueList:
    items = [write_value(value) for value in values]
    if all(item.WhichOneof("type") == "string_value" for item in items):
        return ValueList(string_list=StringList(values=[item.string_value for item in items]))
    return ValueList(mixed_list=MixedList(values=items))


def read_value(value: Value) -> object:
    """Convert a value of the contract to Python.

    Parameters
    ----------
    value
        The value. Dates become ``datetime.date``, times of day ``pandas.Timedelta``, timestamps
        ``pandas.Timestamp`` without a zone, lists ``list`` and objects ``dict``. An unset value is None, and so is the
        null of a date or a timestamp.
    """
    kind = value.WhichOneof("type")
    return None if kind is None else _READERS[kind](getattr(value, kind))


def _read_list(values: ValueList) -> list[object]:
    list_type = values.WhichOneof("list_type")
    if list_type is None:
        return []
    return [_LIST_READERS[list_type](item) for item in getattr(values, list_type).values]


def _read_days(days: int | None) -> dt.date | None:
    return None if days in _NULL_DAYS else EPOCH + dt.timedelta(days=days)


def _read_timestamp(nanoseconds: int) -> pd.Timestamp | None:
    return None if nanoseconds in _NULL_TIMESTAMPS else pd.Timestamp(nanoseconds, unit="ns")


def _read_nanoseconds(nanoseconds: int) -> pd.Timedelta:
    return pd.Timedelta(nanoseconds, unit="ns")


_READERS: Mapping[str, Callable[..., object]] = {
    "string_value": str,
    "integer_value": int,
    "double_value": float,
    "bool_value": bool,
    "date_value": lambda date: _read_days(days_of(date)),
    "time_value": lambda time: _read_nanoseconds(time.milliseconds * NANOSECONDS_PER_MILLISECOND + time.nanoseconds),
    "days_value": _read_days,
    "milliseconds_value": lambda milliseconds: _read_nanoseconds(milliseconds * NANOSECONDS_PER_MILLISECOND),
    "nanoseconds_value": _read_nanoseconds,
    "timestamp_value": _read_timestamp,
    "object": lambda value: {name: read_value(field) for name, field in value.fields.items()},
    "list": _read_list,
}

_LIST_READERS: Mapping[str, Callable[..., object]] = {
    "mixed_list": read_value,
    **{list_type: _READERS[kind] for kind, list_type in LIST_TYPES.items()},
}
