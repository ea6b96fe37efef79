"""The lists of the wire as Arrow arrays: what each list type stores, and lists of mixed types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from google.protobuf.unknown_fields import UnknownFieldSet

from tickframe.errors import DecodeError
from tickframe.timestamps import NANOSECONDS_PER_DAY
from tickframe.wire.contract import Value, ValueList
from tickframe.wire.contract.types_pb2 import Date, ValueObject
from tickframe.wire.fields import WireType

# The null of an integer list is the least integer of its width, that of a double list is NaN.
NULL_INT32 = -(2**31)
NULL_INT64 = -(2**63)

NANOSECONDS_PER_MILLISECOND = 1_000_000

# Contract 1.x counts from 2000: a null that was moved to 1970 like any other value is this much larger.
_DAYS_TO_2000 = 10_957
SHIFTED_NULL_DAY = NULL_INT32 + _DAYS_TO_2000
SHIFTED_NULL_TIMESTAMP = NULL_INT64 + _DAYS_TO_2000 * NANOSECONDS_PER_DAY

EPOCH = dt.date(1970, 1, 1)

# Year, month and day of a date of contract 1.x.
_DATE_PARTS = (1, 2, 3)

_DURATION = pa.duration("ns")


class IntegerList(NamedTuple):
    """A list type that stores integers.

    Attributes
    ----------
    dtype : numpy.dtype
        The type of the integers on the wire.
    null : int
        The integer that represents null.
    arrow_type : pyarrow.DataType
        The type of the column.
    scale : int
        What an integer is multiplied by to be stored as ``arrow_type``.
    shifted_null : int or None
        Another integer that represents null: the null since 2000, counted from 1970.
    """

    dtype: np.dtype[np.signedinteger[Any]]
    null: int
    arrow_type: pa.DataType
    scale: int = 1
    shifted_null: int | None = None

    def to_array(self, integers: npt.NDArray[np.signedinteger[Any]], *, nulls: bool = True) -> pa.Array:
        """Return an array that takes over the memory of integers; ``nulls`` is whether to look for ``null``."""
        null = integers == self.null if nulls else None
        if self.shifted_null is not None and (shifted := integers == self.shifted_null).any():
            null = shifted if null is None else null | shifted
        values = integers if self.scale == 1 else integers.astype(np.int64) * self.scale
        return _fixed_width(values, self.arrow_type, null)

    def read(self, values: Any) -> pa.Array:
        """Return the values of a repeated field as an array."""
        return self.to_array(np.array(values, self.dtype))


INTEGER_LISTS: Mapping[str, IntegerList] = {
    "integer_list": IntegerList(np.dtype(np.int64), NULL_INT64, pa.int64()),
    "days_list": IntegerList(np.dtype(np.int32), NULL_INT32, pa.date32(), shifted_null=SHIFTED_NULL_DAY),
    "milliseconds_list": IntegerList(np.dtype(np.int32), NULL_INT32, _DURATION, NANOSECONDS_PER_MILLISECOND),
    "nanoseconds_list": IntegerList(np.dtype(np.int64), NULL_INT64, _DURATION),
    "timestamps_list": IntegerList(
        np.dtype(np.int64), NULL_INT64, pa.timestamp("ns"), shifted_null=SHIFTED_NULL_TIMESTAMP
    ),
}


def doubles_to_array(doubles: npt.NDArray[np.float64], *, nulls: bool = True) -> pa.Array:
    """Return an array that takes over the memory of doubles; ``nulls`` is whether to look for any."""
    return _fixed_width(doubles, pa.float64(), np.isnan(doubles) if nulls else None)


def read_booleans(values: Any) -> pa.Array:
    """Return booleans as an array of its own memory."""
    bits = np.packbits(np.array(values, np.bool_), bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(bits)])


def days_of(date: Date) -> int | None:
    """Return the days since 1970-01-01 of a date of contract 2.0.0, or of year, month and day of contract 1.x.

    Raises
    ------
    ValueError
        If year, month and day are not a date, or not that of the days.
    """
    parts = _parts_of(date)
    if not parts:
        return date.days
    year, month, day = (parts.get(number, 0) for number in _DATE_PARTS)
    if not (year or month or day or date.days):
        return None
    try:
        days = (dt.date(year, month, day) - EPOCH).days
    except (ValueError, OverflowError) as error:
        raise ValueError(f"year {year}, month {month} and day {day} of a contract 1.x date: {error}") from error
    if date.days not in (0, days):
        raise ValueError(f"a date is both {year}-{month}-{day} and {date.days:,} days since 1970-01-01")
    return days


def _parts_of(date: Date) -> dict[int, int]:
    """Return the fields of contract 1.x, by number; those of a later contract are unknown to it."""
    fields = UnknownFieldSet(date)
    return {
        fields[place].field_number: fields[place].data
        for place in range(len(fields))
        if fields[place].field_number in _DATE_PARTS and fields[place].wire_type == WireType.VARINT
    }


def _read_dates(dates: Any) -> pa.Array:
    days = [days_of(date) for date in dates]
    if any(_parts_of(date) for date in dates):
        # Writers omit zeros, so the null of contract 1.x has no fields, as 1970-01-01 has none in contract 2.0.0.
        days = [day if date.ByteSize() else None for day, date in zip(days, dates, strict=True)]
    return INTEGER_LISTS["days_list"].read([NULL_INT32 if day is None else day for day in days])


def _read_times(times: Any) -> pa.Array:
    milliseconds = np.array([time.milliseconds for time in times], np.int64)
    nanoseconds = np.array([time.nanoseconds for time in times], np.int64)
    since_midnight = milliseconds * NANOSECONDS_PER_MILLISECOND + nanoseconds
    return _fixed_width(since_midnight, _DURATION, milliseconds == NULL_INT32)


def _fixed_width(
    values: npt.NDArray[np.generic], kind: pa.DataType, null: npt.NDArray[np.bool_] | None = None
) -> pa.Array:
    """Return an array of values and a mask of their nulls, without copying the values."""
    validity = None if null is None or not null.any() else pa.py_buffer(np.packbits(~null, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(values)])


#: The reader of each list type: ``ARRAYS[list_type](repeated_field)`` is an array.
ARRAYS: Mapping[str, Callable[[Any], pa.Array]] = {
    **{list_type: integers.read for list_type, integers in INTEGER_LISTS.items()},
    "double_list": lambda values: doubles_to_array(np.array(values, np.float64)),
    "string_list": lambda values: pa.array(list(values), pa.string()),
    "bool_list": read_booleans,
    "date_list": _read_dates,
    "time_list": _read_times,
}

#: The list type of each type of a single value.
LIST_TYPES: Mapping[str, str] = {
    "string_value": "string_list",
    "integer_value": "integer_list",
    "double_value": "double_list",
    "bool_value": "bool_list",
    "date_value": "date_list",
    "time_value": "time_list",
    "days_value": "days_list",
    "milliseconds_value": "milliseconds_list",
    "nanoseconds_value": "nanoseconds_list",
    "timestamp_value": "timestamps_list",
}


def list_to_array(values: ValueList, name: str, *, label: bool = False) -> pa.Array:
    """Return one column of the wire as an Arrow array that owns its memory.

    Parameters
    ----------
    values
        The column.
    name
        Its name, for errors.
    label
        Whether strings become a dictionary.

    Raises
    ------
    DecodeError
        If the column has a list type that the contract does not have, or if a mixed list holds
        values of several types.
    """
    list_type = values.WhichOneof("list_type")
    if list_type is None:
        if len(UnknownFieldSet(values)):
            raise _unknown_type(name)
        return pa.nulls(0)
    if list_type == "mixed_list":
        array = _mixed_to_array(values.mixed_list.values, name)
    else:
        array = _read(list_type, getattr(values, list_type).values, name)
    return array.dictionary_encode() if label and pa.types.is_string(array.type) else array


def _read(list_type: str, values: Any, name: str) -> pa.Array:
    try:
        return ARRAYS[list_type](values)
    except ValueError as error:
        raise DecodeError(
            f"column {name!r} cannot be read: {error}; report it to the service's support", column=name
        ) from error


def _unknown_type(name: str) -> DecodeError:
    return DecodeError(
        f"column {name!r} has a type that contract 2.0.0 does not have, so its values cannot be read: "
        "check for a newer version of tickframe",
        column=name,
    )


def _mixed_to_array(values: Iterable[Value], name: str) -> pa.Array:
    """Return a mixed list as an array of the one Arrow type that all its values share."""
    contents: dict[str, list[Any]] = {}
    numbers: dict[str | None, int] = {None: 0}
    # The number of each value's kind. The values themselves are not kept: millions of them would be slow to collect.
    kinds = bytearray()
    for value in values:
        kind = value.WhichOneof("type")
        if kind is not None:
            contents.setdefault(kind, []).append(getattr(value, kind))
        elif len(UnknownFieldSet(value)):
            raise _unknown_type(name)
        kinds.append(numbers.setdefault(kind, len(numbers)))
    parts = [_kind_to_array(content, kind, name) for kind, content in contents.items()]
    if not parts:
        return pa.nulls(len(kinds))
    cells = pa.concat_arrays(_of_one_type(parts, name))
    number_of_value = np.frombuffer(kinds, np.uint8)
    sources = np.empty(len(kinds), np.int64)
    # The parts are in the order of the numbers, and each is in the order of the values.
    sources[np.argsort(number_of_value, kind="stable")] = np.arange(len(kinds)) - (number_of_value == 0).sum()
    return cells.take(pa.array(sources, mask=number_of_value == 0))


def _kind_to_array(contents: Sequence[Any], kind: str, name: str) -> pa.Array:
    if kind in LIST_TYPES:
        return _read(LIST_TYPES[kind], contents, name)
    return _lists_to_array(contents, name) if kind == "list" else _objects_to_array(contents, name)


def _lists_to_array(lists: Sequence[ValueList], name: str) -> pa.Array:
    parts = [list_to_array(values, name) for values in lists]
    offsets = np.cumsum([0, *(len(part) for part in parts)], dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.concat_arrays(_of_one_type(parts, name)))


def _objects_to_array(objects: Sequence[ValueObject], name: str) -> pa.Array:
    """Return objects as Arrow maps, with fields in order of their names: the wire does not order them."""
    for each in objects:
        if len(UnknownFieldSet(each)):
            raise DecodeError(
                f"protobuf would drop a field of an object in column {name!r}; report it to the service's support",
                column=name,
            )
    offsets = np.cumsum([0, *(len(each.fields) for each in objects)], dtype=np.int32)
    names = pa.array([key for each in objects for key in sorted(each.fields)], pa.string())
    values = (each.fields[key] for each in objects for key in sorted(each.fields))
    return pa.MapArray.from_arrays(pa.array(offsets), names, _mixed_to_array(values, name))


def _of_one_type(parts: Sequence[pa.Array], name: str) -> list[pa.Array]:
    """Cast parts without a type, which hold only nulls, to the type of the others."""
    types = list(dict.fromkeys(part.type for part in parts if not pa.types.is_null(part.type)))
    if len(types) > 1:
        raise DecodeError(
            f"column {name!r} mixes {' and '.join(map(str, types))} in one list, which no single type can hold; "
            "report it to the service's support",
            column=name,
        )
    # Only those: Arrow's cast of nested nulls to their own type leaves children that are too short.
    return [part.cast(types[0]) if types and pa.types.is_null(part.type) else part for part in parts]
