"""Ticks to one file or stream, batch by batch."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from tickframe.export.files import pandas_metadata, writer_options
from tickframe.location import Location

SUFFIXES = (".parquet", ".csv")

# Readers accept an Arrow stream that ends early, unless another message has begun.
_ARROW_CONTINUATION = b"\xff\xff\xff\xff"


class StreamFormat(StrEnum):
    """Formats that can be written and read batch by batch."""

    ARROW = "arrow"
    CSV = "csv"


def write_file(ticks: pa.RecordBatchReader, path: Path) -> None:
    """Write ticks to one file, completely or not at all.

    Parameters
    ----------
    ticks
        Ticks to write. One batch at a time is in memory.
    path
        The file, which is replaced if it exists. ``.parquet`` keeps types. In ``.csv``, strings are quoted,
        which distinguishes an empty string from a null.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write = _write_csv if path.suffix == ".csv" else _write_parquet
    try:
        Location(path.parent).write_with(path.name, lambda temporary: write(ticks, temporary))
    except OSError as error:
        if error.errno is None:
            raise
        # Name the requested file, not the temporary one.
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error


def write_stream(ticks: pa.RecordBatchReader, stream: BinaryIO, stream_format: StreamFormat) -> None:
    """Write ticks to a stream; readers can tell an Arrow stream that an error ended from a complete one.

    Parameters
    ----------
    ticks
        Ticks to write. One batch at a time is in memory.
    stream
        Binary file open for writing.
    stream_format
        ``ARROW`` is the IPC streaming format, with unchanged columns and types. ``CSV`` is the same as
        in a file.

    Raises
    ------
    OSError
        If the stream cannot be written.
    """
    if stream_format is StreamFormat.CSV:
        _write_csv(ticks, stream)
        return
    writer = pa.ipc.new_stream(stream, ticks.schema)
    try:
        for batch in ticks:
            writer.write_batch(batch)
    except BaseException:
        stream.write(_ARROW_CONTINUATION)
        raise
    writer.close()


def _write_parquet(ticks: pa.RecordBatchReader, file: pa.NativeFile) -> None:
    schema = ticks.schema.with_metadata(pandas_metadata(ticks.schema))
    with pq.ParquetWriter(file, schema, **writer_options(schema)) as writer:
        for batch in ticks:
            # An empty batch would become an empty row group.
            if batch.num_rows:
                writer.write_batch(batch)


def _write_csv(ticks: pa.RecordBatchReader, file: pa.NativeFile | BinaryIO) -> None:
    with pa.csv.CSVWriter(file, ticks.schema) as writer:
        for batch in ticks:
            writer.write_batch(batch)
