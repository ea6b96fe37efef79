"""Long runs of the wire as Arrow arrays, by the compiled kernel.

Each array owns its memory, taken for the number of items that were counted in the run. Packed
doubles are Arrow's own layout, but they begin at any byte; they are copied, in the pass that looks
for nulls, to where Arrow's readers may expect them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType

import numpy as np
import pyarrow as pa

from tickframe.wire.kernel import kernel
from tickframe.wire.layout import ColumnSpan, NotCanonical, packed_values

_NULL_INT32 = -(2**31)
_NULL_INT64 = -(2**63)
_NANOSECONDS_PER_MILLISECOND = 1_000_000


def _compiled() -> ModuleType:
    if kernel is None:
        raise NotCanonical
    return kernel


def read_column(message: memoryview, column: ColumnSpan, *, label: bool) -> pa.Array:
    """Return one column as an array of its own memory.

    Parameters
    ----------
    message
        The message as far as it has arrived.
    column
        The column, which has arrived whole.
    label
        Whether strings are stored once each, as a dictionary.

    Raises
    ------
    NotCanonical
        If the official parser must read this message: the column is of a rare type, or not
        written as every writer does.
    """
    if column.list_number == _STRING_LIST:
        repeated = message[column.start : column.end]
        return _read_labels(repeated) if label else _read_strings(repeated)
    read = _READERS.get(column.list_number)
    if read is None:
        raise NotCanonical
    return read(packed_values(message, column.start, column.end))


def _checked(count: int) -> int:
    """Return what the kernel counted, unless it could not read the run."""
    if count < 0:
        raise NotCanonical
    return count


def _bitmap(count: int) -> pa.Buffer:
    return pa.allocate_buffer((count + 7) // 8)


def _read_int64s(packed: memoryview, kind: pa.DataType) -> pa.Array:
    compiled = _compiled()
    count = compiled.count_varints(packed)
    values, validity = pa.allocate_buffer(8 * count), None
    nulls = _checked(compiled.read_int64s(packed, values, _NULL_INT64))
    if nulls:
        validity = _bitmap(count)
        compiled.mark_valid_int64s(values, _NULL_INT64, validity)
    return pa.Array.from_buffers(kind, count, [validity, values], nulls)


def _read_int32s(packed: memoryview, kind: pa.DataType) -> pa.Array:
    compiled = _compiled()
    count = compiled.count_varints(packed)
    values, validity = pa.allocate_buffer(4 * count), None
    nulls = _checked(compiled.read_int32s(packed, values, _NULL_INT32))
    if nulls:
        validity = _bitmap(count)
        compiled.mark_valid_int32s(values, _NULL_INT32, validity)
    return pa.Array.from_buffers(kind, count, [validity, values], nulls)


def _read_milliseconds(packed: memoryview) -> pa.Array:
    milliseconds = _read_int32s(packed, pa.int32())
    validity, values = milliseconds.buffers()
    nanoseconds = np.frombuffer(values, np.int32).astype(np.int64) * _NANOSECONDS_PER_MILLISECOND
    buffers = [validity, pa.py_buffer(nanoseconds)]
    return pa.Array.from_buffers(pa.duration("ns"), len(milliseconds), buffers, milliseconds.null_count)


def _read_doubles(packed: memoryview) -> pa.Array:
    compiled = _compiled()
    count, rest = divmod(len(packed), 8)
    if rest:
        raise NotCanonical
    values, validity = pa.allocate_buffer(8 * count), None
    nulls = _checked(compiled.read_doubles(packed, values))
    if nulls:
        validity = _bitmap(count)
        compiled.mark_valid_doubles(values, validity)
    return pa.Array.from_buffers(pa.float64(), count, [validity, values], nulls)


def _read_booleans(packed: memoryview) -> pa.Array:
    bits = _bitmap(len(packed))
    _checked(_compiled().read_booleans(packed, bits))
    return pa.Array.from_buffers(pa.bool_(), len(packed), [None, bits], 0)


def _read_strings(repeated: memoryview) -> pa.Array:
    compiled = _compiled()
    count, size = compiled.count_strings(repeated)
    offsets, data = pa.allocate_buffer(4 * (_checked(count) + 1)), pa.allocate_buffer(size)
    _checked(compiled.read_strings(repeated, offsets, data))
    return pa.Array.from_buffers(pa.string(), count, [None, offsets, data], 0)


def _read_labels(repeated: memoryview) -> pa.Array:
    compiled = _compiled()
    count, _ = compiled.count_strings(repeated)
    codes = pa.allocate_buffer(4 * _checked(count))
    try:
        labels = compiled.read_labels(repeated, codes)
    except UnicodeDecodeError:
        raise NotCanonical from None
    if labels is None:
        raise NotCanonical
    indices = pa.Array.from_buffers(pa.int32(), count, [None, codes], 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(labels, pa.string()), safe=False)


_STRING_LIST = 1

# Lists of messages and of mixed kinds are few and small: they are the official parser's.
_READERS: Mapping[int, Callable[[memoryview], pa.Array]] = {
    2: lambda packed: _read_int64s(packed, pa.int64()),
    3: _read_doubles,
    4: _read_booleans,
    8: lambda packed: _read_int32s(packed, pa.date32()),
    9: _read_milliseconds,
    10: lambda packed: _read_int64s(packed, pa.duration("ns")),
    11: lambda packed: _read_int64s(packed, pa.timestamp("ns")),
}
