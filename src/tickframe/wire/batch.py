"""Arrow types of documented columns, and record batches in documented order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from tickframe.catalogue import Column, ColumnKind
from tickframe.errors import DecodeError

#: A string with few distinct values, each stored once.
LABEL = pa.dictionary(pa.int32(), pa.string())

#: The Arrow type of each kind of column. A time of day is a duration since midnight: pandas fails
#: on nanosecond time64, Spark cannot read it, and a session can pass midnight.
ARROW_TYPES: Mapping[ColumnKind, pa.DataType] = {
    ColumnKind.STRING: pa.string(),
    ColumnKind.LABEL: LABEL,
    ColumnKind.INTEGER: pa.int64(),
    ColumnKind.FLOAT: pa.float64(),
    ColumnKind.BOOLEAN: pa.bool_(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.TIME: pa.duration("ns"),
    ColumnKind.STRING_LIST: pa.list_(pa.string()),
}


def documented_schema(columns: Sequence[Column]) -> pa.Schema:
    """Return the Arrow schema of documented columns, without optional ones."""
    return pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in columns if not column.optional])


def to_record_batch(
    arrays: Mapping[str, pa.Array], columns: Sequence[Column] = ()
) -> tuple[pa.RecordBatch, tuple[str, ...]]:
    """Put decoded columns into documented order, followed by undocumented ones in the order of the wire.

    Parameters
    ----------
    arrays
        The decoded columns in the order of the wire.
    columns
        The documented columns. A table without rows gets their types. A documented column that is
        missing from a table with rows is all null, unless it is optional or depends on the source.

    Returns
    -------
    batch : pyarrow.RecordBatch
        The table.
    missing : tuple of str
        The documented columns that are missing from a table with rows.

    Raises
    ------
    DecodeError
        If the columns are not of equal length.
    """
    rows = _row_count(arrays)
    # One for all columns, read-only, and mapped to memory only where it is read.
    zeros = np.zeros(rows + 1, np.int64)
    zeros.flags.writeable = False
    documented = {
        column.name: _documented(arrays.get(column.name), ARROW_TYPES[column.kind], rows, pa.py_buffer(zeros))
        for column in columns
        if column.name in arrays or not (column.optional or (rows and column.by_source))
    }
    ordered = documented | {name: array for name, array in arrays.items() if name not in documented}
    missing = tuple(name for name in documented if rows and name not in arrays)
    return pa.RecordBatch.from_arrays(list(ordered.values()), names=list(ordered)), missing


def _documented(array: pa.Array | None, kind: pa.DataType, rows: int, zeros: pa.Buffer) -> pa.Array:
    """Return a documented column as it was sent, or with its documented type if it was sent without a type."""
    if array is None or rows == 0 or pa.types.is_null(array.type):
        return _nulls(rows, kind, zeros)
    if pa.types.is_list(kind) and pa.types.is_list(array.type) and pa.types.is_null(array.type.value_type):
        # Empty lists have no value type.
        return array.cast(kind)
    return array


def _nulls(rows: int, kind: pa.DataType, zeros: pa.Buffer) -> pa.Array:
    """Return an array of nulls whose validity, values and offsets are zeros of one buffer, at least 8 bytes a row."""
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(_nulls(rows, kind.index_type, zeros), pa.array([], kind.value_type))
    children = [pa.array([], kind.value_type)] if pa.types.is_list(kind) else []
    buffers = [zeros, zeros, zeros.slice(0, 0)] if pa.types.is_string(kind) else [zeros, zeros]
    return pa.Array.from_buffers(kind, rows, buffers, rows, children=children)


def _row_count(arrays: Mapping[str, pa.Array]) -> int:
    """Return the length that all columns share."""
    lengths = [len(array) for array in arrays.values()]
    if len(set(lengths)) <= 1:
        return lengths[0] if lengths else 0
    rows = Counter(lengths).most_common(1)[0][0]
    for name, array in arrays.items():
        if len(array) != rows:
            raise DecodeError(
                f"column {name!r} has {len(array):,} values where the others have {rows:,}: "
                "the response is not a complete table; report it to the service's support",
                column=name,
            )
    return rows
