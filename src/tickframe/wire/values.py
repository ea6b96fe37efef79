"""Single values of the contract, to and from Python."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from enum import Enum

import numpy as np
import pandas as pd

from tickframe.wire.contract import Value, ValueList
from tickframe.wire.lists import LIST_TYPES, NANOSECONDS_PER_MILLISECOND

EPOCH = dt.date(1970, 1, 1)

_WHAT_TRAVELS = "give text, a number, a bool, a date, a time, a timestamp, a list or a mapping of these"


def write_value(value: object) -> Value:
    """Return a Python value as the service takes it.

    Parameters
    ----------
    value
        A str, bool, int, float, date, time of day (``datetime.time``, ``timedelta``,
        ``pandas.Timedelta``, ``numpy.timedelta64``), timestamp (``datetime``, ``pandas.Timestamp``,
        ``numpy.datetime64``), an iterable of these, or a mapping of names to these. Dates travel as
        days, times as nanoseconds since midnight, timestamps as nanoseconds since 1970-01-01 (UTC
        where they have a zone).

    Raises
    ------
    ValueError
        If the value is of another type, or an integer beyond 64 bits.
    """
    match value:
        case _ if value is pd.NaT or (isinstance(value, np.datetime64 | np.timedelta64) and np.isnat(value)):
            raise ValueError("NaT is no moment and no time: it cannot travel to the service; leave it out")
        case bytes() | bytearray() | memoryview() | None:
            raise ValueError(f"a {type(value).__name__} cannot travel to the service: {_WHAT_TRAVELS}")
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
            written = Value()
            written.object.SetInParent()
            for name, field in value.items():
                written.object.fields[str(name)].CopyFrom(write_value(field))
            return written
        case np.ndarray() if value.ndim == 0:
            return write_value(value.item())
        case Iterable():
            return Value(list=_write_list(value))
        case _:
            raise ValueError(f"a {type(value).__name__} cannot travel to the service: {_WHAT_TRAVELS}")


def _write_list(values: Iterable[object]) -> ValueList:
    items = [write_value(value) for value in values]
    written = ValueList()
    if all(item.WhichOneof("type") == "string_value" for item in items):
        written.string_list.values.extend(item.string_value for item in items)
    else:
        written.mixed_list.values.extend(items)
    return written


def read_value(value: Value) -> object:
    """Return a value of the contract in Python.

    Parameters
    ----------
    value
        The value. Dates become ``datetime.date``, times of day ``pandas.Timedelta``, timestamps
        ``pandas.Timestamp`` (no zone), lists lists, objects dicts; an unset value is None.
    """
    kind = value.WhichOneof("type")
    return None if kind is None else _READERS[kind](getattr(value, kind))


def _read_list(values: ValueList) -> list[object]:
    list_type = values.WhichOneof("list_type")
    if list_type is None:
        return []
    return [_LIST_READERS[list_type](item) for item in getattr(values, list_type).values]


def _read_days(days: int) -> dt.date:
    return EPOCH + dt.timedelta(days=days)


def _read_nanoseconds(nanoseconds: int) -> pd.Timedelta:
    return pd.Timedelta(nanoseconds, unit="ns")


_READERS: Mapping[str, Callable[..., object]] = {
    "string_value": str,
    "integer_value": int,
    "double_value": float,
    "bool_value": bool,
    "date_value": lambda date: _read_days(date.days),
    "time_value": lambda time: _read_nanoseconds(time.milliseconds * NANOSECONDS_PER_MILLISECOND + time.nanoseconds),
    "days_value": _read_days,
    "milliseconds_value": lambda milliseconds: _read_nanoseconds(milliseconds * NANOSECONDS_PER_MILLISECOND),
    "nanoseconds_value": _read_nanoseconds,
    "timestamp_value": lambda nanoseconds: pd.Timestamp(nanoseconds, unit="ns"),
    "object": lambda value: {name: read_value(field) for name, field in value.fields.items()},
    "list": _read_list,
}

_LIST_READERS: Mapping[str, Callable[..., object]] = {
    "mixed_list": read_value,
    **{list_type: _READERS[kind] for kind, list_type in LIST_TYPES.items()},
}
