"""Framed responses to Arrow record batches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import pyarrow as pa

from tickframe.catalogue import Column, ColumnKind
from tickframe.errors import DecodeError
from tickframe.wire import fallback
from tickframe.wire.batch import to_record_batch
from tickframe.wire.completeness import announced_holes
from tickframe.wire.contract import DataResponse, Value
from tickframe.wire.frames import Frame, Source, open_frames
from tickframe.wire.kernel import kernel
from tickframe.wire.layout import Layout, NotCanonical
from tickframe.wire.limits import ResponseLimit
from tickframe.wire.packed import read_column
from tickframe.wire.values import read_value

Engine = Literal["kernel", "fallback"]
Origin = Literal["service", "cache", "dataset"]


@dataclass(frozen=True, slots=True)
class Response:
    """A decoded response: its rows, and what is known about them.

    Attributes
    ----------
    batches : tuple of pyarrow.RecordBatch
        The rows, one batch for each frame. They own their memory. Empty once they have been passed on.
    rows : int
        Number of rows.
    bytes : int
        Length of the protobuf messages in bytes.
    warning : str
        Warning message of the service; empty if there is none.
    meta : Mapping[str, object]
        Metadata of the response, such as ``cursor`` and ``total_hits``.
    missing : tuple of str
        Documented columns that are missing from a response with rows; they are null in ``batches``.
    request_id, reference_id : str
        The identifier that the service gave the response, and the one that the client gave the request.
    engine : {"kernel", "fallback"}
        What decoded it: the compiled kernel, or the official protobuf parser, which decodes every message
        that is valid but not canonical, and all of them if no kernel was built.
    attempts : int
        How many requests it took; 0 if it came from the cache.
    origin : {"service", "cache", "dataset"}
        Where the rows came from.
    date : datetime.datetime or None
        When the service sent it, according to its clock (the header ``Date``), in UTC; None if it is not known.
    """

    batches: tuple[pa.RecordBatch, ...]
    rows: int
    bytes: int
    warning: str = ""
    meta: Mapping[str, object] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    request_id: str = ""
    reference_id: str = ""
    engine: Engine = "kernel"
    attempts: int = 0
    origin: Origin = "service"
    date: dt.datetime | None = None

    def without_batches(self) -> Response:
        """Return the response without its rows, which may be large."""
        return replace(self, batches=())


def joined(responses: Sequence[Response], attempts: int) -> Response:
    """Return the frames of one response as one.

    Parameters
    ----------
    responses
        A response for each frame; at least one.
    attempts
        How many requests it took.
    """
    return replace(
        responses[0],
        batches=tuple(batch for response in responses for batch in response.batches),
        rows=sum(response.rows for response in responses),
        bytes=sum(response.bytes for response in responses),
        warning="; ".join(dict.fromkeys(_warnings(responses))),
        meta={name: value for response in responses for name, value in response.meta.items()},
        missing=tuple(dict.fromkeys(name for response in responses for name in response.missing)),
        attempts=attempts,
    )


def _warnings(responses: Iterable[Response]) -> Iterator[str]:
    for response in responses:
        if response.warning:
            yield response.warning
        if response.missing:
            yield f"the response lacks the documented columns {', '.join(response.missing)}: they are filled with nulls"
        yield from announced_holes(response.meta)


def read_batches(source: Source, columns: Sequence[Column] = ()) -> Iterator[pa.RecordBatch]:
    """Decode framed responses into record batches.

    Parameters
    ----------
    source
        Framed bytes, or a file open for reading them.
    columns
        The documented columns of the responses, such as ``FUNCTIONS[...].columns_for(...)``: they
        come first, in this order. If omitted, columns keep the order of the wire.

    Yields
    ------
    pyarrow.RecordBatch
        The columns of one frame: int64, double, string (dictionary for labels), bool, date32,
        duration[ns] since midnight, timestamp[ns]. Nulls are Arrow nulls.

    Raises
    ------
    FrameError
        If the source is not a sequence of complete frames.
    DecodeError
        If a message is not a table of columns of equal length, and names the column; or takes far more memory than
        it has bytes.
    """
    for response in read_responses(source, columns):
        yield from response.batches


def read_responses(
    source: Source,
    columns: Sequence[Column] = (),
    *,
    limit: ResponseLimit | None = None,
) -> Iterator[Response]:
    """Decode framed responses: their columns, header and metadata.

    Takes and raises what :func:`read_batches` does. ``limit`` is for frames that are one response; if omitted, the
    decoded size of each frame has a limit of its own.

    Yields
    ------
    Response
        The content of one frame.
    """
    labels = frozenset(column.name for column in columns if column.kind is ColumnKind.LABEL)
    for frame in open_frames(source):
        frame_limit = limit or ResponseLimit()
        frame_limit.add_frame(frame.length)
        arrays, parsed, engine = _read_message(frame, labels, frame_limit)
        response = _response(arrays, parsed, engine, frame.length, columns)
        frame_limit.add_columns(*(response.batches[0].column(name) for name in response.missing))
        yield response


def _read_message(
    frame: Frame, labels: Collection[str], limit: ResponseLimit
) -> tuple[dict[str, pa.Array], DataResponse, Engine]:
    """Decode columns as they arrive, or the complete message by the official parser if it is not canonical."""
    layout = Layout(frame.length)
    arrays: dict[str, pa.Array] = {}
    canonical = kernel is not None
    message = memoryview(b"")
    for message in frame.arrivals():
        if not canonical:
            continue
        try:
            for column in layout.columns(message):
                arrays[column.name] = read_column(message, column, label=column.name in labels)
                limit.add_columns(arrays[column.name])
        except NotCanonical:
            canonical = False
            arrays.clear()
    if canonical and layout.complete:
        return arrays, fallback.parse(b"".join(message[start:end] for start, end in layout.other_fields)), "kernel"
    return *fallback.read_arrays(message, labels, limit), "fallback"


def _response(
    arrays: Mapping[str, pa.Array], parsed: DataResponse, engine: Engine, length: int, columns: Sequence[Column]
) -> Response:
    batch, missing = to_record_batch(arrays, columns)
    header = parsed.header
    return Response(
        batches=(batch,),
        rows=batch.num_rows,
        bytes=length,
        meta={name: _read_meta(name, value) for name, value in parsed.meta.items()},
        warning=header.warning_message,
        request_id=header.request_id.value,
        reference_id=header.reference_id.value,
        missing=missing,
        engine=engine,
    )


def _read_meta(name: str, value: Value) -> object:
    """Return a value in Python, which cannot hold all of them, such as a day after the year 9999."""
    try:
        return read_value(value)
    except (OverflowError, ValueError) as error:
        raise DecodeError(
            f"the response's meta {name!r} cannot be read: {error}; report it to the service's support"
        ) from error
