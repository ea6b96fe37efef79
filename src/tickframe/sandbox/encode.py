"""A table and what stands beside it as one serialized answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.contract import DataResponse, Value, ValueList

__all__ = ["encode_response"]

_NULL_INTEGER = -(2**63)
_NULL_DAYS = -(2**31)


def encode_response(
    table: pa.Table, *, warning: str = "", meta: Mapping[str, Value] | None = None, reference_id: str = ""
) -> bytes:
    """Serialize an answer.

    Parameters
    ----------
    table
        Columns of type date32, duration[ns], double, int64, bool, string, dictionary of strings or list
        of strings. An int64, date or duration null travels as the least value of its list, a double's as
        NaN, a string's as an empty string.
    warning
        The header's warning message; empty for none.
    meta
        What stands beside the table.
    reference_id
        The request's own name for itself, sent back; empty where it had none.

    Raises
    ------
    TypeError
        If a column's type does not travel.
    """
    response = DataResponse()
    response.header.request_id.value = str(uuid.uuid4())
    if reference_id:
        response.header.reference_id.value = reference_id
    response.header.warning_message = warning
    # An answer without rows still says that it has a table.
    response.data.SetInParent()
    for name, column in zip(table.column_names, table.columns, strict=True):
        _encoder(name, column.type)(column, response.data.columns[name])
    for name, value in (meta or {}).items():
        response.meta[name].CopyFrom(value)
    return response.SerializeToString()


def _encoder(name: str, kind: pa.DataType) -> Callable[[pa.ChunkedArray, ValueList], None]:
    for is_kind, encode in _ENCODERS:
        if is_kind(kind):
            return encode
    raise TypeError(f"column {name!r} is of type {kind}, which does not travel")


def _encode_doubles(column: pa.ChunkedArray, target: ValueList) -> None:
    target.double_list.SetInParent()
    target.double_list.values.extend(pc.fill_null(column, float("nan")).to_numpy().tolist())


def _encode_integers(column: pa.ChunkedArray, target: ValueList) -> None:
    target.integer_list.SetInParent()
    target.integer_list.values.extend(pc.fill_null(column, _NULL_INTEGER).to_numpy().tolist())


def _encode_times(column: pa.ChunkedArray, target: ValueList) -> None:
    target.nanoseconds_list.SetInParent()
    nanoseconds = pc.fill_null(column.cast(pa.duration("ns")).cast(pa.int64()), _NULL_INTEGER)
    target.nanoseconds_list.values.extend(nanoseconds.to_numpy().tolist())


def _encode_days(column: pa.ChunkedArray, target: ValueList) -> None:
    target.days_list.SetInParent()
    days = pc.fill_null(column.cast(pa.int32()), _NULL_DAYS)
    target.days_list.values.extend(days.to_numpy().tolist())


def _encode_booleans(column: pa.ChunkedArray, target: ValueList) -> None:
    target.bool_list.SetInParent()
    target.bool_list.values.extend(column.to_numpy().tolist())


def _encode_strings(column: pa.ChunkedArray, target: ValueList) -> None:
    target.string_list.SetInParent()
    target.string_list.values.extend(pc.fill_null(column, "").to_pylist())


def _encode_dictionary(column: pa.ChunkedArray, target: ValueList) -> None:
    target.string_list.SetInParent()
    for chunk in column.chunks:
        # One Python string per label, however many rows carry it.
        labels = np.array([*pc.fill_null(chunk.dictionary, "").to_pylist(), ""], dtype=object)
        codes = pc.fill_null(chunk.indices.cast(pa.int64()), len(chunk.dictionary)).to_numpy()
        target.string_list.values.extend(labels[codes].tolist())


def _encode_string_lists(column: pa.ChunkedArray, target: ValueList) -> None:
    target.mixed_list.SetInParent()
    for strings in column.to_pylist():
        target.mixed_list.values.add().list.string_list.values.extend(strings or ())


_ENCODERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.ChunkedArray, ValueList], None]], ...] = (
    (pa.types.is_float64, _encode_doubles),
    (pa.types.is_int64, _encode_integers),
    (pa.types.is_duration, _encode_times),
    (pa.types.is_date32, _encode_days),
    (pa.types.is_boolean, _encode_booleans),
    (pa.types.is_string, _encode_strings),
    (pa.types.is_dictionary, _encode_dictionary),
    (pa.types.is_list, _encode_string_lists),
)
