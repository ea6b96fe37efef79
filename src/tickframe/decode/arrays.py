"""Lists of one kind as Arrow arrays that own their memory.

============================================  ================  ======================
list                                          Arrow             null
============================================  ================  ======================
integer_list                                  int64             -2**63
double_list                                   double            NaN
string_list                                   string            none
bool_list                                     bool              none
days_list, date_list                          date32            -2**31
milliseconds_list, nanoseconds_list,          duration[ns]      -2**31, -2**63
time_list
timestamps_list                               timestamp[ns]     -2**63
============================================  ================  ======================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["ARRAYS"]

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
