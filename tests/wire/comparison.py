"""One source through both engines, and what differs between the two answers."""

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

#: What kind of difference is documented: protobuf drops such a column, and this package does not.
DROPPED = "would drop"


@contextmanager
def without_kernel() -> Iterator[None]:
    """Let the official parser do all the work, as where nothing could be compiled."""
    with patch.object(reader, "kernel", None):
        yield


def outcome(source: Source, columns: Sequence[Column] = ()) -> Outcome:
    """Decode a source to its end; any error but the package's own is a bug."""
    try:
        return list(read_responses(source, columns))
    except TickframeError as error:
        return error


def official_outcome(source: Source, columns: Sequence[Column] = ()) -> Outcome:
    """Decode a source to its end by the official parser."""
    with without_kernel():
        return outcome(source, columns)


def array_difference(one: pa.Array, other: pa.Array) -> str:
    """Say what differs between two columns; nothing if nothing does."""
    if one.type != other.type:
        return f"type {one.type} is not {other.type}"
    if len(one) != len(other):
        return f"{len(one)} values are not {len(other)}"
    if one.null_count != other.null_count:
        return f"{one.null_count} nulls are not {other.null_count}"
    if pa.types.is_dictionary(one.type):
        return array_difference(one.dictionary, other.dictionary) or array_difference(one.indices, other.indices)
    if pa.types.is_float64(one.type):
        # Bit for bit: 0.0 equals -0.0, and two NaNs that are values would not be equal.
        one, other = one.view(pa.int64()), other.view(pa.int64())
    return "" if one.equals(other) else f"{one.to_pylist()} is not {other.to_pylist()}"


def batch_difference(one: pa.RecordBatch, other: pa.RecordBatch) -> str:
    """Say what differs between two tables; nothing if nothing does."""
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
    """Say what differs between two answers but for the engine; nothing if nothing does."""
    if found := batch_difference(one.batches[0], other.batches[0]):
        return found
    for name in ("meta", "warning", "request_id", "reference_id", "missing", "bytes"):
        # By their words: a NaN is no other NaN.
        left, right = repr(getattr(one, name)), repr(getattr(other, name))
        if name == "meta":
            left, right = str(sorted(one.meta.items(), key=repr)), str(sorted(other.meta.items(), key=repr))
        if left != right:
            return f"{name} {left} is not {right}"
    return ""


def difference(one: Outcome, other: Outcome) -> str:
    """Say what differs between two outcomes; nothing if both are errors or the same answers."""
    if isinstance(one, TickframeError) or isinstance(other, TickframeError):
        if isinstance(one, TickframeError) and isinstance(other, TickframeError):
            same = type(one) is type(other) or DROPPED in str(one) or DROPPED in str(other)
            return "" if same else f"{one!r} is not {other!r}"
        return f"{one!r} is not {other!r}"
    if len(one) != len(other):
        return f"{len(one)} answers are not {len(other)}"
    return next(filter(None, map(response_difference, one, other)), "")
