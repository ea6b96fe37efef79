"""The documented columns of an answer as an Arrow table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from tickframe.catalogue import FUNCTIONS, ColumnKind, TickDataType

__all__ = ["answer_table", "constant", "empty_answer"]

_LABELS = pa.dictionary(pa.int32(), pa.string())

_ARROW_TYPES: Mapping[ColumnKind, pa.DataType] = {
    ColumnKind.STRING: pa.string(),
    ColumnKind.LABEL: _LABELS,
    ColumnKind.INTEGER: pa.int64(),
    ColumnKind.FLOAT: pa.float64(),
    ColumnKind.BOOLEAN: pa.bool_(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.TIME: pa.duration("ns"),
    ColumnKind.STRING_LIST: pa.list_(pa.string()),
}


def answer_table(
    function: str, columns: Mapping[str, pa.Array | pa.ChunkedArray], data_type: TickDataType | None = None
) -> pa.Table:
    """Put columns into the documented order and types.

    Parameters
    ----------
    function
        The documented name of the function.
    columns
        Columns by name, in any order; those that the answer does not have are left out.
    data_type
        The data type that was asked for, where the function takes one.
    """
    documented = FUNCTIONS[function].columns_for(data_type)
    names = [column.name for column in documented]
    return pa.table([columns[column.name].cast(_ARROW_TYPES[column.kind]) for column in documented], names=names)


def empty_answer(function: str, data_type: TickDataType | None = None) -> pa.Table:
    """Return the documented columns with no rows."""
    documented = FUNCTIONS[function].columns_for(data_type)
    return pa.schema([(column.name, _ARROW_TYPES[column.kind]) for column in documented]).empty_table()


def constant(value: str | dt.date, length: int) -> pa.Array:
    """Return a column of one value: a string as a dictionary of one label, a day as date32."""
    if isinstance(value, dt.date):
        return pa.repeat(pa.scalar(value, pa.date32()), length)
    return pa.DictionaryArray.from_arrays(np.zeros(length, dtype=np.int32), [value])
