"""The files of a part: its rows by the values of the partition columns, as Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tickframe.export.names import check_directories, check_partition_columns, directory_name
from tickframe.timestamps import TIMESTAMP, TimeOptions, sort_by_time

# What the writer decides itself.
_OWN_OPTIONS = frozenset({"table", "where", "schema", "filesystem"})
# Each excludes another encoding of the same column.
_ENCODING_OPTIONS = frozenset(
    {
        "use_dictionary",
        "column_encoding",
        "use_byte_stream_split",
        "version",
        "flavor",
        "use_deprecated_int96_timestamps",
    }
)


@dataclass(frozen=True, slots=True)
class File:
    """A file as it will be written.

    Attributes
    ----------
    directories : tuple of str
        Its directories, such as ``symbol=ZAL.XE``.
    rows : int
        Number of rows.
    content : pyarrow.Buffer
        Its bytes.
    """

    directories: tuple[str, ...]
    rows: int
    content: pa.Buffer


@dataclass(frozen=True)
class FileFormat:
    """How rows become files.

    Attributes
    ----------
    partition_by : tuple of str
        The columns that become directories. The files do not contain them, as readers expect.
    times : TimeOptions
        Whether date and time become a timestamp, and the order of rows.
    is_documented : bool
        Whether the columns are documented.
    write_options : Mapping[str, object]
        Options of ``pyarrow.parquet.write_table`` that replace the defaults.
    """

    partition_by: tuple[str, ...]
    times: TimeOptions = field(default_factory=TimeOptions)
    is_documented: bool = True
    write_options: Mapping[str, Any] = field(default_factory=dict)

    def check(self, schema: pa.Schema) -> None:
        """Check the partition columns, and the write options by writing a row and reading it again.

        Parameters
        ----------
        schema
            The documented columns.

        Raises
        ------
        ValueError
            If the values of a partition column cannot be directories, or an option is unknown, has an invalid value or
            cuts nanoseconds.
        """
        # Others may be in the response.
        check_partition_columns([name for name in self.partition_by if name in schema.names], schema)
        if own := _OWN_OPTIONS.intersection(self.write_options):
            raise ValueError(f"invalid write_options: {', '.join(sorted(own))} cannot be chosen")
        row = _sample(self.schema(schema))
        try:
            written = pq.read_table(pa.BufferReader(self._encode(row)))
        except (TypeError, ValueError, AttributeError, OSError, pa.ArrowException) as error:
            raise ValueError(
                f"invalid write_options {dict(self.write_options)}: expected options of "
                f"pyarrow.parquet.write_table ({error})"
            ) from error
        if any(written.column(name).cast(row.column(name).type) != row.column(name) for name in row.column_names):
            raise ValueError(
                f"invalid write_options {dict(self.write_options)}: they cut timestamps, which have nanoseconds; for "
                "coarser ones, convert the result of to_arrow()"
            )

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """Return the columns of the dataset for responses of a schema, without metadata."""
        times = self.times.for_schema(schema, is_documented=self.is_documented)
        return times.finish(times.schema(schema)).remove_metadata()

    def timestamp(self, schema: pa.Schema) -> list[str] | None:
        """Return the columns that ``timestamp`` replaces in responses of a schema; None if it replaces none."""
        times = self.times.for_schema(schema, is_documented=self.is_documented)
        column = times.timestamp if times.times == "timestamp" else None
        return None if column is None else [column.date, column.time]

    def files(self, batches: Sequence[pa.RecordBatch]) -> Iterator[File]:
        """Yield the files for the rows of a part, one for each combination of the values of the partition columns.

        Raises
        ------
        ValueError
            If the rows lack a partition column, readers would change one of its values, or a timestamp cannot be
            computed.
        """
        times = self.times.for_schema(batches[0].schema, is_documented=self.is_documented)
        table = pa.Table.from_batches([times.convert(batch, self.partition_by) for batch in batches])
        # Each frame has a dictionary of its own.
        for directories, rows in self._partitions(table.unify_dictionaries()):
            # Sorted file by file: their order, and with it that of categories, is the one of the response.
            content = self._encode(times.finish(sort_by_time(rows) if times.is_sorted else rows))
            yield File(directories, rows.num_rows, content)

    def _partitions(self, table: pa.Table) -> Iterator[tuple[tuple[str, ...], pa.Table]]:
        """Split a table by the values of the partition columns, rows in their order."""
        if not table.num_rows:
            return
        names = list(self.partition_by)
        check_partition_columns(names, table.schema)
        rest = table.drop_columns(names) if names else table
        keys = table.select(names)
        if all(_is_constant(column) for column in keys.columns):
            yield _directories(keys, 0), rest
            return
        groups = _group_numbers(keys)
        order = np.argsort(groups, kind="stable")
        starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
        rest = rest.combine_chunks().take(pa.array(order))
        for start, end in zip(starts, (*starts[1:], table.num_rows), strict=True):
            yield _directories(keys, int(order[start])), rest.slice(start, end - start)

    def _encode(self, table: pa.Table) -> pa.Buffer:
        sink = pa.BufferOutputStream()
        with_types = table.replace_schema_metadata(pandas_metadata(table.schema))
        pq.write_table(with_types, sink, **writer_options(table.schema, self.write_options))
        return sink.getvalue()


def writer_options(schema: pa.Schema, chosen: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Return the options of ``pyarrow.parquet.ParquetWriter`` for rows of a schema.

    Parameters
    ----------
    schema
        The columns.
    chosen
        Options that replace the defaults.
    """
    # Readers that verify checksums notice a damaged file.
    defaults: dict[str, Any] = {"write_page_checksum": True}
    if "compression" not in chosen:
        # A twentieth smaller than level 1, in a tenth more time.
        defaults.update(compression="zstd", compression_level=3)
    if not _ENCODING_OPTIONS.intersection(chosen):
        # Times rarely repeat but differ little from row to row.
        times = [each.name for each in schema if pa.types.is_duration(each.type) or pa.types.is_timestamp(each.type)]
        defaults["use_dictionary"] = [name for name in schema.names if name not in times]
        defaults["column_encoding"] = dict.fromkeys(times, "DELTA_BINARY_PACKED")
    return {**defaults, **chosen}


def _sample(schema: pa.Schema) -> pa.Table:
    """Return a row of nulls, and of one nanosecond where there can be any."""
    if TIMESTAMP not in schema.names:
        schema = schema.append(pa.field(TIMESTAMP, pa.timestamp("ns")))
    return pa.table(
        {
            field.name: pa.array([1], pa.int64()).cast(field.type)
            if pa.types.is_timestamp(field.type) or pa.types.is_duration(field.type)
            else pa.nulls(1, field.type)
            for field in schema
        },
        schema=schema,
    )


@lru_cache(16)
def pandas_metadata(schema: pa.Schema) -> dict[str, str]:
    """Return the metadata with which pandas reads integers as Int64, whether or not any is null."""
    columns = [
        {
            "name": each.name,
            "field_name": each.name,
            "pandas_type": str(each.type),
            "numpy_type": "Int64",
            "metadata": None,
        }
        for each in schema
        if pa.types.is_int64(each.type)
    ]
    return {"pandas": json.dumps({"index_columns": [], "column_indexes": [], "columns": columns})}


def _is_constant(column: pa.ChunkedArray) -> bool:
    """Return whether a column has one value, which is not null, as far as that can be told at once."""
    if column.null_count:
        return False
    if pa.types.is_dictionary(column.type):
        # The dictionaries are unified.
        if len(column.chunk(0).dictionary) == 1:
            return True
        column = pa.chunked_array([chunk.indices for chunk in column.chunks])
    elif not pa.types.is_date32(column.type):
        return False
    ends = pc.min_max(column)
    return bool(ends["min"] == ends["max"])


def _group_numbers(keys: pa.Table) -> npt.NDArray[np.int64]:
    """Return a number for each row, equal for equal keys, growing with the first row of a key."""
    numbers = np.zeros(keys.num_rows, dtype=np.int64)
    for column in keys.columns:
        values = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        codes = values.combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy()
        _, first, inverse = np.unique(numbers * (int(codes.max()) + 1) + codes, return_index=True, return_inverse=True)
        numbers = np.argsort(np.argsort(first))[inverse]
    return numbers


def _directories(keys: pa.Table, row: int) -> tuple[str, ...]:
    values = {name: keys.column(name)[row].as_py() for name in keys.column_names}
    for name, value in values.items():
        check_directories(name, [value])
    return tuple(f"{name}={directory_name(value)}" for name, value in values.items())
