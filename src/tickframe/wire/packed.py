"""Columns of canonical messages as Arrow arrays, read by the compiled kernel and NumPy.

Each array owns its memory, allocated for the number of values that were counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pyarrow as pa

from tickframe.wire.contract import ValueList
from tickframe.wire.kernel import kernel
from tickframe.wire.layout import ColumnSpan, NotCanonical, packed_values
from tickframe.wire.lists import INTEGER_LISTS, IntegerList, doubles_to_array, read_booleans


def read_column(message: memoryview, column: ColumnSpan, *, label: bool) -> pa.Array:
    """Return one column as an array of its own memory.

    Parameters
    ----------
    message
        The message as far as it has arrived.
    column
        The column, which has arrived completely.
    label
        Whether strings become a dictionary.

    Raises
    ------
    NotCanonical
        If the official parser must decode this message: the column is of a rare type, or not
        encoded as every protobuf writer does.
    """
    if column.list_number == _STRING_LIST:
        repeated = message[column.start : column.end]
        return _read_labels(repeated) if label else _read_strings(repeated)
    read = _READERS.get(column.list_number)
    if read is None:
        raise NotCanonical
    return read(packed_values(message, column.start, column.end))


def _checked(count: int) -> int:
    """Return what the kernel counted, unless it could not read the bytes."""
    if count < 0:
        raise NotCanonical
    return count


def _read_integers(integer_list: IntegerList, packed: memoryview) -> pa.Array:
    width = integer_list.dtype.itemsize
    memory = pa.allocate_buffer(width * kernel.count_varints(packed))
    nulls = _checked(kernel.read_varints(packed, memory, width, integer_list.null))
    return integer_list.to_array(np.frombuffer(memory, integer_list.dtype), nulls=nulls > 0)


def _read_packed_doubles(packed: memoryview) -> pa.Array:
    memory = pa.allocate_buffer(len(packed) // 8 * 8)
    nulls = _checked(kernel.read_doubles(packed, memory))
    return doubles_to_array(np.frombuffer(memory, np.float64), nulls=nulls > 0)


def _read_packed_booleans(packed: memoryview) -> pa.Array:
    flags = np.frombuffer(packed, np.uint8)
    if (flags > 1).any():
        raise NotCanonical
    return read_booleans(flags)


def _read_strings(repeated: memoryview) -> pa.Array:
    count, size = kernel.count_strings(repeated)
    offsets, data = pa.allocate_buffer(4 * (_checked(count) + 1)), pa.allocate_buffer(size)
    _checked(kernel.read_strings(repeated, offsets, data))
    return pa.Array.from_buffers(pa.string(), count, [None, offsets, data], 0)


def _read_labels(repeated: memoryview) -> pa.Array:
    count, _ = kernel.count_strings(repeated)
    codes = pa.allocate_buffer(4 * _checked(count))
    try:
        labels = kernel.read_labels(repeated, codes)
    except UnicodeDecodeError:
        raise NotCanonical from None
    if labels is None:
        raise NotCanonical
    indices = pa.Array.from_buffers(pa.int32(), count, [None, codes], 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(labels, pa.string()), safe=False)


_NUMBERS = {field.name: field.number for field in ValueList.DESCRIPTOR.fields}
_STRING_LIST = _NUMBERS["string_list"]

# Lists of messages and of mixed types are rare and short: the official parser reads them.
_READERS: Mapping[int, Callable[[memoryview], pa.Array]] = {
    **{_NUMBERS[list_type]: partial(_read_integers, integers) for list_type, integers in INTEGER_LISTS.items()},
    _NUMBERS["double_list"]: _read_packed_doubles,
    _NUMBERS["bool_list"]: _read_packed_booleans,
}
