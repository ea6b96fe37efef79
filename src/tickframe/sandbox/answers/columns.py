"""The documented columns of an answer as an Arrow table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from tickframe.catalogue import FUNCTIONS, Column, ColumnKind, TickDataType

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

# Documented as a time of day, an integer in an older contract: a client has to take what arrives.
_SENT_AS: Mapping[tuple[str, str], pa.DataType] = {("order_data", "order_type"): pa.int64()}


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
    schema = _schema(function, data_type)
    return pa.table([columns[field.name].cast(field.type) for field in schema], schema)


def empty_answer(function: str, data_type: TickDataType | None = None) -> pa.Table:
    """Return the documented columns with no rows."""
    return _schema(function, data_type).empty_table()


def table_of_rows(columns: Sequence[Column], rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Return rows as columns of documented kinds; a value that a row does not have is null."""
    schema = pa.schema([(column.name, _ARROW_TYPES[column.kind]) for column in columns])
    return pa.table(
        [pa.array([row.get(field.name) for row in rows], _of_text(field.type)).cast(field.type) for field in schema],
        schema,
    )


def columns_of(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """Return the columns of a table by their names."""
    return dict(zip(table.column_names, table.columns, strict=True))


def constant(value: str | dt.date, length: int) -> pa.Array:
    """Return a column of one value: a string as a dictionary of one label, a day as date32."""
    if isinstance(value, dt.date):
        return pa.repeat(pa.scalar(value, pa.date32()), length)
    return pa.DictionaryArray.from_arrays(np.zeros(length, dtype=np.int32), [value])


def _schema(function: str, data_type: TickDataType | None) -> pa.Schema:
    documented = FUNCTIONS[function].columns_for(data_type)
    return pa.schema(
        [(column.name, _SENT_AS.get((function, column.name), _ARROW_TYPES[column.kind])) for column in documented]
    )


def _of_text(kind: pa.DataType) -> pa.DataType:
    """Return the type that a label's text has, and any other type as it is."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind
