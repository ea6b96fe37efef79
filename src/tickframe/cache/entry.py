"""An entry of the cache: an answer as one sealed Parquet file, with its provenance in the schema's metadata."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tickframe.cache.checksum import InvalidEntryError, SealedGroup, read_seal, sealed
from tickframe.cache.key import FORMAT, Key, Window
from tickframe.wire.contract import DataResponse
from tickframe.wire.reader import Response
from tickframe.wire.values import read_value, write_value

_PROVENANCE = b"tickframe"
# Rows of a row group: few enough that ten minutes of a busy day are a small part of it.
_ROW_GROUP = 65_536
# From so many rows on several threads read faster than one.
_MANY_ROWS = 100_000


class OtherFormatError(InvalidEntryError):
    """The entry is whole, but of another version of tickframe."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an entry comes from.

    Attributes
    ----------
    digest, window : str
        What the entry answers, as in its name.
    request : Mapping[str, str]
        The service, the function and the parameters, in words.
    fetched : str
        When it was fetched (ISO 8601, UTC).
    version : str
        The version of tickframe that wrote it.
    rows, bytes : int
        Its rows, and the length of the messages that brought them.
    warning : str
        What the service said beside the answer.
    meta : str
        What the service said of the answer as a whole: a serialized ``DataResponse`` in base64.
    constant : Mapping[str, str]
        The label and date columns that hold one value in all rows, and that value.
    """

    digest: str
    window: str
    request: Mapping[str, str]
    fetched: str
    version: str
    rows: int
    bytes: int
    warning: str
    meta: str
    constant: Mapping[str, str]

    @property
    def is_unremarked(self) -> bool:
        """Whether the service said nothing beside the rows, which it might not say of some of them."""
        return not self.warning and not self.meta


def write_answer(answer: Response, key: Key, request: Mapping[str, str], fetched: str, version: str) -> pa.Buffer:
    """Return the bytes of an entry.

    Parameters
    ----------
    answer
        What the service answered.
    key
        What it answers.
    request, fetched, version
        As in :class:`Provenance`.

    Raises
    ------
    ValueError
        If the answer cannot be stored exactly.
    """
    with_rows = [batch for batch in answer.batches if batch.num_rows] or answer.batches[:1]
    provenance = {
        "format": FORMAT,
        "digest": key.digest,
        "window": str(key.window),
        "request": dict(request),
        "fetched": fetched,
        "version": version,
        "rows": answer.rows,
        "bytes": answer.bytes,
        "warning": answer.warning,
        "meta": _write_meta(answer.meta),
        "constant": dict(_constants(with_rows)),
    }
    try:
        table = pa.Table.from_batches(with_rows).unify_dictionaries()
        table = table.replace_schema_metadata({_PROVENANCE: json.dumps(provenance)})
        sink = pa.BufferOutputStream()
        times = [field.name for field in table.schema if pa.types.is_duration(field.type)]
        others = [name for name in table.column_names if name not in times]
        pq.write_table(
            table,
            sink,
            row_group_size=_ROW_GROUP,
            write_page_checksum=True,
            # By times alone row groups are left out. Nearly each differs from the others, but little from
            # the one before: as differences they are small already.
            write_statistics=times,
            use_dictionary=others,
            column_encoding=dict.fromkeys(times, "DELTA_BINARY_PACKED"),
            compression={**dict.fromkeys(others, "lz4"), **dict.fromkeys(times, "none")},
        )
    except pa.ArrowException as error:
        raise ValueError(f"the answer cannot be stored as Parquet: {error}") from error
    return sealed(sink.getvalue())


def describe(data: pa.NativeFile) -> tuple[Provenance, pa.Schema]:
    """Return where an entry comes from, and its columns; its rows are not looked at.

    Raises
    ------
    InvalidEntryError
        If it is no whole entry of this format.
    """
    file, provenance, _ = _open(data)
    return provenance, file.schema_arrow


def read_answer(data: pa.Buffer, key: Key | None = None) -> Response:
    """Return the answer that an entry holds.

    Parameters
    ----------
    data
        The bytes of the entry.
    key
        What it should answer; None takes whatever it is.

    Raises
    ------
    InvalidEntryError
        If a bit of it is wrong, or it is another entry.
    """
    file, provenance, groups = _open(pa.BufferReader(data), key)
    view = memoryview(data)
    for group in groups:
        group.check(view[group.start : group.end])
    try:
        table = file.read(use_threads=provenance.rows > _MANY_ROWS)
    except (pa.ArrowException, OSError) as error:
        raise InvalidEntryError(str(error)) from error
    return _answer(table, provenance)


def read_window(data: pa.NativeFile, key: Key, column: str, window: Window) -> Response | None:
    """Return the rows of an entry that lie in a window; only the row groups that can hold some are read.

    Parameters
    ----------
    data
        The entry's file.
    key
        What it answers.
    column
        The column of times.
    window
        The window that is asked for.

    Returns
    -------
    Response or None
        None where the service might say another thing of the window: where it said something beside
        the wider answer, where a row has no time, and where no row is in the window.

    Raises
    ------
    InvalidEntryError
        If a bit of what is read is wrong, or it is another entry.
    """
    file, provenance, groups = _open(data, key)
    if not provenance.is_unremarked or column not in file.schema_arrow.names:
        return None
    position = file.schema_arrow.get_field_index(column)
    if not pa.types.is_duration(file.schema_arrow.field(position).type):
        return None
    if any(_has_null(file.metadata, group.at, position) for group in groups):
        return None
    chosen = [group.at for group in groups if _may_hold(file.metadata, group.at, position, window)]
    for at in chosen:
        data.seek(groups[at].start)
        groups[at].check(memoryview(data.read_buffer(groups[at].end - groups[at].start)))
    try:
        table = file.read_row_groups(chosen, use_threads=len(chosen) > 1)
    except (pa.ArrowException, OSError) as error:
        raise InvalidEntryError(str(error)) from error
    rows = table.filter(_within(table.column(column), window))
    if not rows.num_rows:
        return None
    # The share of the bytes that a fresh answer would take is all that can be said of them.
    share = round(provenance.bytes * rows.num_rows / provenance.rows)
    batches = [_with_own_labels(batch) for batch in rows.replace_schema_metadata().combine_chunks().to_batches()]
    return Response(tuple(batches), rows=rows.num_rows, bytes=share, origin="cache")


def _has_null(metadata: pq.FileMetaData, at: int, column: int) -> bool:
    statistics = metadata.row_group(at).column(column).statistics
    return statistics is None or not statistics.has_null_count or statistics.null_count > 0


def _may_hold(metadata: pq.FileMetaData, at: int, column: int, window: Window) -> bool:
    """Say whether a row group can have rows in a window, by its least and its greatest time."""
    statistics = metadata.row_group(at).column(column).statistics
    if statistics is None or not statistics.has_min_max:
        return True
    least, most = statistics.min, statistics.max
    return (window.first is None or most >= window.first) and (window.last is None or least <= window.last)


def _open(data: pa.NativeFile, key: Key | None = None) -> tuple[pq.ParquetFile, Provenance, list[SealedGroup]]:
    """Check all of an entry but its row groups, and that it is the one that is looked for."""
    groups = read_seal(data)
    try:
        file = pq.ParquetFile(data)
        provenance = _read_provenance(file.schema_arrow.metadata or {})
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidEntryError(f"{type(error).__name__}: {error}") from error
    if key is not None and (provenance.digest, provenance.window) != (key.digest, str(key.window)):
        raise InvalidEntryError("it answers another request")
    return file, provenance, groups


def _read_provenance(metadata: Mapping[bytes, bytes]) -> Provenance:
    document: dict[str, Any] = json.loads(metadata[_PROVENANCE])
    if document.pop("format") != FORMAT:
        raise OtherFormatError("it is of another version of the format")
    return Provenance(**document)


def _answer(table: pa.Table, provenance: Provenance) -> Response:
    table = table.replace_schema_metadata()
    if table.num_rows != provenance.rows:
        raise InvalidEntryError(f"it has {table.num_rows} rows of {provenance.rows}")
    return Response(
        batches=tuple(table.to_batches()) or (pa.RecordBatch.from_pylist([], table.schema),),
        rows=provenance.rows,
        bytes=provenance.bytes,
        warning=provenance.warning,
        meta=_read_meta(provenance.meta),
        origin="cache",
    )


def _within(times: pa.ChunkedArray, window: Window) -> pa.ChunkedArray:
    conditions = [
        compare(times, pa.scalar(bound, times.type))
        for compare, bound in ((pc.greater_equal, window.first), (pc.less_equal, window.last))
        if bound is not None
    ]
    return conditions[0] if len(conditions) == 1 else pc.and_(*conditions)


def _with_own_labels(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Leave in each dictionary the labels of these rows in their order, as a fresh answer has them."""
    columns = [
        column.cast(column.type.value_type).dictionary_encode() if pa.types.is_dictionary(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _constants(batches: Sequence[pa.RecordBatch]) -> Iterator[tuple[str, str]]:
    for field in batches[0].schema:
        columns = [batch.column(field.name) for batch in batches if field.name in batch.schema.names]
        if not any(column.null_count for column in columns):
            values = {value for column in columns for value in _some_values(column)}
            if len(values) == 1:
                yield field.name, values.pop()


def _some_values(column: pa.Array) -> list[str]:
    """Return enough values of a label or date column to see whether they are all one."""
    if pa.types.is_dictionary(column.type):
        return [str(label) for label in column.dictionary[:2].to_pylist()]
    if not pa.types.is_date32(column.type):
        return []
    ends = pc.min_max(column.view(pa.int32())).as_py().values()
    # numpy can say days that Python's dates cannot.
    return [str(np.datetime64(day, "D")) for day in ends if day is not None]


def _write_meta(meta: Mapping[str, object]) -> str:
    message = DataResponse()
    for name, value in meta.items():
        message.meta[name].CopyFrom(write_value(value))
    text = base64.b64encode(message.SerializeToString(deterministic=True)).decode()
    if _read_meta(text) != dict(meta):
        raise ValueError("what the service said of the answer cannot be stored exactly")
    return text


def _read_meta(text: str) -> Mapping[str, object]:
    message = DataResponse.FromString(base64.b64decode(text))
    return {name: read_value(value) for name, value in message.meta.items()}
