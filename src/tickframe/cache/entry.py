"""Entries: a response as one Parquet file, with checksums, and its provenance in the schema metadata."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tickframe.cache.checksum import InvalidEntryError, RowGroup, add_checksums, check_all_but_row_groups
from tickframe.cache.key import Key, Window
from tickframe.cache.provenance import Provenance
from tickframe.catalogue import timestamp_columns
from tickframe.timestamps import TIMESTAMP, TimeOptions
from tickframe.wire.reader import Response

_PROVENANCE = b"tickframe"
# Marks columns that are not of the response.
_DERIVED = b"tickframe.derived"
# Rows of a row group, few enough that ten minutes of a busy day need a small part of the file.
_ROW_GROUP_SIZE = 65_536


def write_entry(
    response: Response, key: Key, request: Mapping[str, str], fetched: dt.datetime, version: str
) -> pa.Buffer:
    """Return a response as the content of an entry, with the timestamps of its rows for :meth:`Cache.dataset`.

    Parameters
    ----------
    response
        The response.
    key
        Key of the request.
    request, fetched, version
        As in :class:`~tickframe.cache.provenance.Provenance`.

    Raises
    ------
    ValueError
        If the response cannot be stored exactly.
    """
    with_rows = [batch for batch in response.batches if batch.num_rows] or response.batches[:1]
    provenance = Provenance(
        digest=key.digest,
        window=str(key.window),
        request=dict(request),
        fetched=fetched,
        version=version,
        rows=response.rows,
        bytes=response.bytes,
        warning=response.warning,
        meta=response.meta,
        constant=dict(_constants(with_rows)),
    )
    try:
        table = pa.Table.from_batches(with_rows).unify_dictionaries()
        table = _with_timestamps(table, timestamp_columns(request.get("function", "")))
        table = table.replace_schema_metadata({_PROVENANCE: provenance.to_json()})
        sink = pa.BufferOutputStream()
        times = [field.name for field in table.schema if pa.types.is_duration(field.type) or _is_derived(field)]
        others = [name for name in table.column_names if name not in times]
        pq.write_table(
            table,
            sink,
            row_group_size=_ROW_GROUP_SIZE,
            write_page_checksum=True,
            # Only times select row groups. They rarely repeat but differ little from row to row, so that
            # differences are small without compression.
            write_statistics=times,
            use_dictionary=others,
            column_encoding=dict.fromkeys(times, "DELTA_BINARY_PACKED"),
            compression={**dict.fromkeys(others, "lz4"), **dict.fromkeys(times, "none")},
        )
    except pa.ArrowException as error:
        raise ValueError(f"the response cannot be stored as Parquet: {error}") from error
    return add_checksums(sink.getvalue())


class Entry:
    """An open entry. Opening it checks everything except its rows.

    Parameters
    ----------
    file
        The file, which must stay open.
    key
        The expected key.

    Attributes
    ----------
    provenance : Provenance
        Where the entry comes from.
    schema : pyarrow.Schema
        The columns of the response.
    has_timestamps : bool
        Whether timestamps are stored beside the columns of the response.

    Raises
    ------
    InvalidEntryError
        If the file is damaged, or the entry has another key.
    """

    def __init__(self, file: pa.NativeFile, key: Key) -> None:
        self._file = file
        self._groups = check_all_but_row_groups(file)
        try:
            self._parquet = pq.ParquetFile(file)
            stored = self._parquet.schema_arrow
            self.schema = pa.schema([field for field in stored if not _is_derived(field)], stored.metadata)
            self.has_timestamps = len(self.schema) < len(stored)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise InvalidEntryError(f"{type(error).__name__}: {error}") from error
        self.provenance = Provenance.from_json((self.schema.metadata or {}).get(_PROVENANCE, b""))
        self._check_provenance(key)

    def _check_provenance(self, key: Key) -> None:
        if (self.provenance.digest, self.provenance.window) != (key.digest, str(key.window)):
            raise InvalidEntryError("it answers another request")
        metadata = self._parquet.metadata
        if metadata.num_row_groups != len(self._groups) or metadata.num_rows != self.provenance.rows:
            raise InvalidEntryError(f"it has {metadata.num_rows} rows instead of {self.provenance.rows}")
        for name, value in self.provenance.constant.items():
            position = self.schema.get_field_index(name)
            if position < 0 or not _is_constant(self.schema.field(position).type, value):
                raise InvalidEntryError(f"its provenance has an impossible value of {name}")

    def read(self) -> Response:
        """Return the response.

        Raises
        ------
        InvalidEntryError
            If the rows are damaged.
        """
        provenance = self.provenance
        table = self._read(self._groups)
        return Response(
            batches=tuple(table.to_batches()) or (pa.RecordBatch.from_pylist([], table.schema),),
            rows=provenance.rows,
            bytes=provenance.bytes,
            warning=provenance.warning,
            meta=provenance.meta,
            origin="cache",
        )

    def has_all_times(self, column: str) -> bool:
        """Return whether a column has a time of day in every row, according to the footer."""
        position = self.schema.get_field_index(column)
        if position < 0 or not pa.types.is_duration(self.schema.field(position).type):
            return False
        statistics = [self._statistics(group, position) for group in self._groups]
        return all(each is not None and each.has_null_count and not each.null_count for each in statistics)

    def read_window(self, column: str, window: Window) -> Response | None:
        """Return the rows in a time window; None if there are none. Only row groups that overlap it are read.

        Parameters
        ----------
        column
            The column of times, see :meth:`has_all_times`.
        window
            The window.

        Raises
        ------
        InvalidEntryError
            If the rows that are read are damaged.
        """
        position = self.schema.get_field_index(column)
        table = self._read([group for group in self._groups if self._overlaps(group, position, window)])
        rows = table.filter(_is_within(table.column(column), window))
        if not rows.num_rows:
            return None
        # Estimated: the length of a response with these rows alone is not known.
        length = round(self.provenance.bytes * rows.num_rows / self.provenance.rows)
        batches = tuple(_with_own_dictionaries(batch) for batch in rows.combine_chunks().to_batches())
        return Response(batches, rows=rows.num_rows, bytes=length, origin="cache")

    def _read(self, groups: Sequence[RowGroup]) -> pa.Table:
        for group in groups:
            group.check(self._file)
        try:
            table = self._parquet.read_row_groups(
                [group.index for group in groups], columns=self.schema.names, use_threads=len(groups) > 1
            )
        except (pa.ArrowException, OSError) as error:
            raise InvalidEntryError(str(error)) from error
        return table.replace_schema_metadata()

    @property
    def timestamps(self) -> tuple[np.datetime64, np.datetime64] | None:
        """The first and the last timestamp; None if a row has none."""
        if not self.has_timestamps:
            return None
        position = self._parquet.schema_arrow.get_field_index(TIMESTAMP)
        bounds = []
        for group in self._groups:
            statistics = self._statistics(group, position)
            if statistics is None or not statistics.has_min_max or statistics.null_count:
                return None
            bounds += [statistics.min_raw, statistics.max_raw]
        if not bounds:
            return None
        first, last = min(bounds), max(bounds)
        return np.datetime64(first, "ns"), np.datetime64(last, "ns")

    def _statistics(self, group: RowGroup, column: int) -> pq.Statistics | None:
        return self._parquet.metadata.row_group(group.index).column(column).statistics

    def _overlaps(self, group: RowGroup, column: int, window: Window) -> bool:
        statistics = self._statistics(group, column)
        if statistics is None or not statistics.has_min_max:
            return True
        return Window(statistics.min, statistics.max).overlaps(window)


def _is_constant(kind: pa.DataType, text: str) -> bool:
    """Return whether a text is a value of a label or date column, as :class:`Provenance` has it."""
    if not pa.types.is_date32(kind):
        return bool(pa.types.is_dictionary(kind))
    try:
        return abs(int(np.datetime64(text, "D").astype(np.int64))) < 2**31
    except ValueError:
        return False


def _is_derived(field: pa.Field) -> bool:
    """Return whether a column is not of the response, but computed from it."""
    return bool((field.metadata or {}).get(_DERIVED))


def _with_timestamps(table: pa.Table, columns: tuple[str, str] | None) -> pa.Table:
    """Append the timestamps of the rows, unless they cannot be computed."""
    timestamp = TimeOptions.of(columns).for_schema(table.schema, is_documented=False).timestamp
    if timestamp is None or TIMESTAMP in table.column_names:
        return table
    kept = (timestamp.date, timestamp.time)
    try:
        batches = [timestamp.convert(batch, kept) for batch in table.to_batches()]
    except ValueError:
        # A day that they cannot hold: the response is stored all the same.
        return table
    converted = pa.Table.from_batches(batches, timestamp.schema(table.schema, kept))
    field = converted.schema.field(TIMESTAMP).with_metadata({_DERIVED: b"date + time"})
    return table.append_column(field, converted.column(TIMESTAMP))


def _is_within(times: pa.ChunkedArray, window: Window) -> pa.ChunkedArray:
    conditions = [
        compare(times, pa.scalar(bound, times.type))
        for compare, bound in ((pc.greater_equal, window.first), (pc.less_equal, window.last))
        if bound is not None
    ]
    return conditions[0] if len(conditions) == 1 else pc.and_(*conditions)


def _with_own_dictionaries(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Reduce dictionaries to the labels of the rows in order of appearance, as in a response of the service."""
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
    """Return values of a label or date column, at least two if it has more than one."""
    if pa.types.is_dictionary(column.type):
        return [str(label) for label in column.dictionary[:2].to_pylist()]
    if not pa.types.is_date32(column.type):
        return []
    ends = pc.min_max(column.view(pa.int32())).as_py().values()
    # NumPy can represent days that Python's dates cannot.
    return [str(np.datetime64(day, "D")) for day in ends if day is not None]
