"""One column of the wire as an Arrow array: a list of one kind, or a mixed list."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from google.protobuf.unknown_fields import UnknownFieldSet

from tickframe.errors import DecodeError
from tickframe.wire.contract import Value, ValueList
from tickframe.wire.contract.types_pb2 import ValueObject

NULL_INT32 = -(2**31)
NULL_INT64 = -(2**63)
NANOSECONDS_PER_MILLISECOND = 1_000_000

_DURATION = pa.duration("ns")


def _fixed_width(
    values: npt.NDArray[np.generic], kind: pa.DataType, null: npt.NDArray[np.bool_] | None = None
) -> pa.Array:
    """Put a buffer and a mask of its nulls into an Arrow array, without a copy of the buffer."""
    if null is None or not (count := int(np.count_nonzero(null))):
        return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])
    validity = pa.py_buffer(np.packbits(~null, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(values)], null_count=count)


def _integers(values: Any, kind: pa.DataType) -> pa.Array:
    integers = np.array(values, dtype=np.int64)
    return _fixed_width(integers, kind, integers == NULL_INT64)


def _doubles(values: Any) -> pa.Array:
    doubles = np.array(values, dtype=np.float64)
    return _fixed_width(doubles, pa.float64(), np.isnan(doubles))


def _strings(values: Any) -> pa.Array:
    return pa.array(list(values), pa.string())


def _booleans(values: Any) -> pa.Array:
    bits = np.packbits(np.array(values, dtype=np.bool_), bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(bits)])


def _days(values: Any) -> pa.Array:
    days = np.array(values, dtype=np.int32)
    return _fixed_width(days, pa.date32(), days == NULL_INT32)


def _dates(values: Any) -> pa.Array:
    return _days([date.days for date in values])


def _milliseconds(values: Any) -> pa.Array:
    milliseconds = np.array(values, dtype=np.int64)
    return _fixed_width(milliseconds * NANOSECONDS_PER_MILLISECOND, _DURATION, milliseconds == NULL_INT32)


def _times(values: Any) -> pa.Array:
    milliseconds = np.array([time.milliseconds for time in values], dtype=np.int64)
    nanoseconds = np.array([time.nanoseconds for time in values], dtype=np.int64)
    since_midnight = milliseconds * NANOSECONDS_PER_MILLISECOND + nanoseconds
    return _fixed_width(since_midnight, _DURATION, milliseconds == NULL_INT32)


#: How the values of each list type become an array: ``ARRAYS[list_type](repeated_field)``.
ARRAYS: Mapping[str, Callable[[Any], pa.Array]] = {
    "integer_list": lambda values: _integers(values, pa.int64()),
    "double_list": _doubles,
    "string_list": _strings,
    "bool_list": _booleans,
    "days_list": _days,
    "date_list": _dates,
    "milliseconds_list": _milliseconds,
    "nanoseconds_list": lambda values: _integers(values, _DURATION),
    "time_list": _times,
    "timestamps_list": lambda values: _integers(values, pa.timestamp("ns")),
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
        Whether strings are stored once each, as a dictionary.

    Raises
    ------
    DecodeError
        If the column is of a list type that the contract does not know, or if a mixed list holds
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
        array = ARRAYS[list_type](getattr(values, list_type).values)
    return array.dictionary_encode() if label and pa.types.is_string(array.type) else array


def _unknown_type(name: str) -> DecodeError:
    return DecodeError(
        f"column {name!r} is of a type that contract 2.0.0 does not have: its values cannot be read, "
        "see whether a newer tickframe is out",
        column=name,
    )


#: The list type that holds what a single value of each kind holds; lists and objects nest.
_LIST_TYPES: Mapping[str, str] = {
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


def _mixed_to_array(values: Sequence[Value], name: str) -> pa.Array:
    """Return a mixed list as an array of the one Arrow type that all its values share."""
    positions: dict[str, list[int]] = {}
    for position, value in enumerate(values):
        kind = value.WhichOneof("type")
        if kind is not None:
            positions.setdefault(kind, []).append(position)
        elif len(UnknownFieldSet(value)):
            raise _unknown_type(name)
    parts = [_kind_to_array([values[at] for at in places], kind, name) for kind, places in positions.items()]
    if not parts:
        return pa.nulls(len(values))
    cells = pa.concat_arrays(_of_one_type(parts, name))
    source = np.zeros(len(values), dtype=np.int64)
    unset = np.ones(len(values), dtype=np.bool_)
    placed = np.concatenate([np.array(places, dtype=np.int64) for places in positions.values()])
    source[placed] = np.arange(len(placed))
    unset[placed] = False
    return cells.take(pa.array(source, mask=unset))


def _kind_to_array(values: Sequence[Value], kind: str, name: str) -> pa.Array:
    if kind in _LIST_TYPES:
        return ARRAYS[_LIST_TYPES[kind]]([getattr(value, kind) for value in values])
    if kind == "list":
        return _lists_to_array([value.list for value in values], name)
    return _objects_to_array([value.object for value in values], name)


def _lists_to_array(lists: Sequence[ValueList], name: str) -> pa.Array:
    parts = [list_to_array(values, name) for values in lists]
    offsets = np.cumsum([0, *(len(part) for part in parts)], dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.concat_arrays(_of_one_type(parts, name)))


def _objects_to_array(objects: Sequence[ValueObject], name: str) -> pa.Array:
    """Return objects as Arrow maps, their fields by name since the wire keeps no order of them."""
    for each in objects:
        if len(UnknownFieldSet(each)):
            raise DecodeError(
                f"column {name!r} holds an object with a field that protobuf drops: report it to the service's support",
                column=name,
            )
    fields = [field for each in objects for field in sorted(each.fields.items(), key=operator.itemgetter(0))]
    offsets = np.cumsum([0, *(len(each.fields) for each in objects)], dtype=np.int32)
    keys = pa.array([key for key, _ in fields], pa.string())
    return pa.MapArray.from_arrays(pa.array(offsets), keys, _mixed_to_array([value for _, value in fields], name))


def _of_one_type(parts: Sequence[pa.Array], name: str) -> list[pa.Array]:
    """Give untyped parts, which hold nulls only, the type of the others."""
    types = list(dict.fromkeys(part.type for part in parts if not pa.types.is_null(part.type)))
    if len(types) > 1:
        raise DecodeError(
            f"column {name!r} mixes {' and '.join(str(each) for each in types)} in one list: no one type "
            "holds them, report it to the service's support",
            column=name,
        )
    # Arrow's cast of nested nulls to the type that they have leaves an array whose children are too short.
    return [part.cast(types[0]) if pa.types.is_null(part.type) else part for part in parts] if types else list(parts)
