"""Framed answers to Arrow record batches.

>>> import tickframe.decode
>>> for batch in tickframe.decode.read_batches(open("answer.bin", "rb")):  # doctest: +SKIP
...     print(batch.num_rows)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from google.protobuf.message import DecodeError as ProtobufDecodeError

from tickframe.catalogue import Column, ColumnKind
from tickframe.contract import DataResponse
from tickframe.decode.columns import list_to_array
from tickframe.decode.schema import documented_schema, to_record_batch
from tickframe.decode.wire import column_names
from tickframe.errors import DecodeError
from tickframe.frames import MAXIMUM_LENGTH, BinaryFile, read_frames
from tickframe.values import read_value

__all__ = ["Response", "documented_schema", "read_batches", "read_responses"]


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
    """

    batch: pa.RecordBatch
    meta: Mapping[str, object]
    warning: str
    request_id: str
    reference_id: str
    missing: tuple[str, ...]
    length: int


def read_batches(
    source: bytes | bytearray | memoryview | BinaryFile, columns: Sequence[Column] = ()
) -> Iterator[pa.RecordBatch]:
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
    source: bytes | bytearray | memoryview | BinaryFile,
    columns: Sequence[Column] = (),
    *,
    maximum_length: int = MAXIMUM_LENGTH,
) -> Iterator[Response]:
    """Decode framed answers whole: the columns and all that is said beside them.

    Takes, yields and raises what :func:`read_batches` does; ``maximum_length`` is the longest
    message to accept, in bytes.
    """
    for message in read_frames(source, maximum_length=maximum_length):
        yield _read_response(message, columns)


def _read_response(message: memoryview, columns: Sequence[Column]) -> Response:
    try:
        parsed = DataResponse.FromString(bytes(message))
    except ProtobufDecodeError as error:
        raise DecodeError(f"a frame of {len(message):,} bytes holds no DataResponse: {error}") from error
    labels = {column.name for column in columns if column.kind is ColumnKind.LABEL}
    table = parsed.data.columns
    arrays = {name: list_to_array(table[name], name, label=name in labels) for name in column_names(message)}
    batch, missing = to_record_batch(arrays, columns)
    return Response(
        batch=batch,
        meta={name: read_value(value) for name, value in parsed.meta.items()},
        warning=parsed.header.warning_message,
        request_id=parsed.header.request_id.value,
        reference_id=parsed.header.reference_id.value,
        missing=missing,
        length=len(message),
    )
