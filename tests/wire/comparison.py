"""Decode a source with both engines, and describe how the results differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

import pyarrow as pa

from tickframe.catalogue import Column
from tickframe.errors import TickframeError
from tickframe.wire import reader
from tickframe.wire.frames import Source
from tickframe.wire.reader import Response, read_responses

Outcome = list[Response] | TickframeError

#: In the message of the documented difference: protobuf drops such a column, this package raises.
DROPPED = "would drop"


@contextmanager
def without_kernel() -> Iterator[None]:
    """Decode with the official parser only, as if no kernel was built."""
    with patch.object(reader, "kernel", None):
        yield


def outcome(source: Source, columns: Sequence[Column] = ()) -> Outcome:
    """Decode a source to its end; any other error than the package's is a bug."""
    try:
        return list(read_responses(source, columns))
    except TickframeError as error:
        return error


def official_outcome(source: Source, columns: Sequence[Column] = ()) -> Outcome:
    """Decode a source to its end with the official parser."""
    with without_kernel():
        return outcome(source, columns)


def array_difference(one: pa.Array, other: pa.Array) -> str:
    """Describe the difference between two columns; empty if there is none."""
    if one.type != other.type:
        return f"type {one.type} is not {other.type}"
    if len(one) != len(other):
        return f"{len(one)} values are not {len(other)}"
    if one.null_count != other.null_count:
        return f"{one.null_count} nulls are not {other.null_count}"
    if pa.types.is_dictionary(one.type):
        return array_difference(one.dictionary, other.dictionary) or array_difference(one.indices, other.indices)
    if pa.types.is_float64(one.type):
        # Bit by bit: 0.0 equals -0.0, and NaN does not equal NaN.
        one, other = one.view(pa.int64()), other.view(pa.int64())
    return "" if one.equals(other) else f"{one.to_pylist()} is not {other.to_pylist()}"


def batch_difference(one: pa.RecordBatch, other: pa.RecordBatch) -> str:
    """Describe the difference between two tables; empty if there is none."""
    one.validate(full=True)
    if one.schema.names != other.schema.names:
        return f"columns {one.schema.names} are not {other.schema.names}"
    if not one.schema.equals(other.schema, check_metadata=True):
        return f"schema {one.schema} is not {other.schema}"
    for name, left, right in zip(one.schema.names, one.columns, other.columns, strict=True):
        if found := array_difference(left, right):
            return f"column {name!r}: {found}"
    return ""


def response_difference(one: Response, other: Response) -> str:
    """Describe the difference between two responses except for the engine; empty if there is none."""
    if found := batch_difference(one.batches[0], other.batches[0]):
        return found
    for name in ("meta", "warning", "request_id", "reference_id", "missing", "bytes"):
        # By their representation, since NaN does not equal NaN.
        left, right = repr(getattr(one, name)), repr(getattr(other, name))
        if name == "meta":
            left, right = str(sorted(one.meta.items(), key=repr)), str(sorted(other.meta.items(), key=repr))
        if left != right:
            return f"{name} {left} is not {right}"
    return ""


def difference(one: Outcome, other: Outcome) -> str:
    """Describe the difference between two outcomes; empty for equal responses or two errors of one type."""
    if isinstance(one, TickframeError) or isinstance(other, TickframeError):
        if isinstance(one, TickframeError) and isinstance(other, TickframeError):
            same = type(one) is type(other) or DROPPED in str(one) or DROPPED in str(other)
            return "" if same else f"{one!r} is not {other!r}"
        return f"{one!r} is not {other!r}"
    if len(one) != len(other):
        return f"{len(one)} responses are not {len(other)}"
    return next(filter(None, map(response_difference, one, other)), "")
