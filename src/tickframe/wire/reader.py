"""Framed answers to Arrow record batches.

>>> import tickframe.wire.reader
>>> for batch in tickframe.wire.reader.read_batches(open("answer.bin", "rb")):  # doctest: +SKIP
...     print(batch.num_rows)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from tickframe.catalogue import Column, ColumnKind
from tickframe.errors import DecodeError
from tickframe.wire import fallback
from tickframe.wire.batch import to_record_batch
from tickframe.wire.contract import DataResponse, Value
from tickframe.wire.frames import MAXIMUM_LENGTH, Frame, Source, open_frames
from tickframe.wire.kernel import kernel
from tickframe.wire.layout import NotCanonical, Skeleton
from tickframe.wire.packed import read_column
from tickframe.wire.values import read_value

Engine = Literal["kernel", "official"]


@dataclass(frozen=True, slots=True)
class Response:
    """One framed answer, decoded.

    Attributes
    ----------
    batch : pyarrow.RecordBatch
        The columns. It owns its memory.
    meta : Mapping[str, object]
        What the service said of the answer as a whole, such as ``cursor`` and ``total_hits``.
    warning : str
        The service's words to a person; empty where it had none.
    request_id, reference_id : str
        The service's name of the answer, and ours of the request.
    missing : tuple of str
        Documented columns that the answer lacks though it has rows; they are null in ``batch``.
    length : int
        The length of the message in bytes.
    engine : {"kernel", "official"}
        What decoded it: the compiled kernel, or the official parser, which reads whatever is legal
        but not canonical, and everything where no kernel was built.
    """

    batch: pa.RecordBatch
    meta: Mapping[str, object]
    warning: str
    request_id: str
    reference_id: str
    missing: tuple[str, ...]
    length: int
    engine: Engine


def read_batches(source: Source, columns: Sequence[Column] = ()) -> Iterator[pa.RecordBatch]:
    """Decode framed answers, one record batch each.

    Parameters
    ----------
    source
        Framed bytes, or a file open for reading them.
    columns
        The documented columns of the answers, as in ``FUNCTIONS[...].columns_for(...)``: they come
        first and in this order. Without them columns come in the order of the wire.

    Yields
    ------
    pyarrow.RecordBatch
        The columns of one frame: int64, double, string (dictionary for labels), bool, date32,
        duration[ns] since midnight, timestamp[ns]; nulls are Arrow nulls.

    Raises
    ------
    FrameError
        If the source is not whole frames from its first byte to its last.
    DecodeError
        If a message is no table of equal columns; it names the column.
    """
    for response in read_responses(source, columns):
        yield response.batch


def read_responses(
    source: Source,
    columns: Sequence[Column] = (),
    *,
    maximum_length: int = MAXIMUM_LENGTH,
) -> Iterator[Response]:
    """Decode framed answers whole: the columns and all that is said beside them.

    Takes, yields and raises what :func:`read_batches` does; ``maximum_length`` is the longest
    message to accept, in bytes.
    """
    labels = frozenset(column.name for column in columns if column.kind is ColumnKind.LABEL)
    for frame in open_frames(source, maximum_length=maximum_length):
        arrays, parsed, engine = _read_message(frame, labels)
        yield _response(arrays, parsed, engine, frame.length, columns)


def _read_message(frame: Frame, labels: Collection[str]) -> tuple[dict[str, pa.Array], DataResponse, Engine]:
    """Decode columns as they arrive; hand over to the official parser where that must decide."""
    skeleton = Skeleton(frame.length)
    arrays: dict[str, pa.Array] = {}
    canonical = kernel is not None
    message = memoryview(b"")
    for message in frame.arrivals():
        if not canonical:
            continue
        try:
            for column in skeleton.columns(message):
                arrays[column.name] = read_column(message, column, label=column.name in labels)
        except NotCanonical:
            canonical = False
            arrays.clear()
    if canonical and skeleton.complete:
        return arrays, fallback.parse(b"".join(message[start:end] for start, end in skeleton.others)), "kernel"
    arrays, parsed = fallback.read_arrays(message, labels)
    return arrays, parsed, "official"


def _response(
    arrays: Mapping[str, pa.Array], parsed: DataResponse, engine: Engine, length: int, columns: Sequence[Column]
) -> Response:
    batch, missing = to_record_batch(arrays, columns)
    header = parsed.header
    return Response(
        batch=batch,
        meta={name: _read_meta(name, value) for name, value in parsed.meta.items()},
        warning=header.warning_message,
        request_id=header.request_id.value,
        reference_id=header.reference_id.value,
        missing=missing,
        length=length,
        engine=engine,
    )


def _read_meta(name: str, value: Value) -> object:
    """Read a value that Python need not be able to hold, such as a day after the year 9999."""
    try:
        return read_value(value)
    except (OverflowError, ValueError) as error:
        raise DecodeError(
            f"the answer's meta {name!r} cannot be read: {error}: report it to the service's support"
        ) from error
