"""Ticks into one file or a pipe, batch by batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

SUFFIXES = (".parquet", ".csv")

# Where an Arrow stream ends early, its readers take it for whole, unless the next message has begun.
_ARROW_CONTINUATION = b"\xff\xff\xff\xff"


class PipeFormat(StrEnum):
    """What can be written piece by piece, and read so."""

    ARROW = "arrow"
    CSV = "csv"


def write_ticks(ticks: pa.RecordBatchReader, path: Path) -> None:
    """Write ticks into one file that appears whole or not at all.

    Parameters
    ----------
    ticks
        What to write. One batch at a time is in memory.
    path
        The file; one that is there already is replaced. ``.parquet`` keeps columns and types as they
        are. In ``.csv`` date and time are one column ``timestamp`` in nanoseconds; strings are quoted,
        so that an empty one differs from a null, which is nothing at all.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If a date lies outside what a timestamp in nanoseconds can hold (1677 to 2262).
    """
    write = _write_csv if path.suffix == ".csv" else _write_parquet
    with _moved_when_whole(path) as unfinished:
        write(ticks, unfinished)


def write_ticks_to_pipe(ticks: pa.RecordBatchReader, pipe: BinaryIO, pipe_format: PipeFormat) -> None:
    """Write ticks as they come; what arrived before an error does not pass for a whole Arrow stream.

    Parameters
    ----------
    ticks
        What to write. One batch at a time is in memory.
    pipe
        Open for writing.
    pipe_format
        ``ARROW`` is the streaming format with columns and types as they are, ``CSV`` as in a file.

    Raises
    ------
    OSError
        If the pipe cannot be written.
    ValueError
        As :func:`write_ticks`.
    """
    if pipe_format is PipeFormat.CSV:
        _write_csv(ticks, pipe)
        return
    writer = pa.ipc.new_stream(pipe, ticks.schema)
    try:
        for batch in ticks:
            writer.write_batch(batch)
    except BaseException:
        pipe.write(_ARROW_CONTINUATION)
        raise
    writer.close()


@contextmanager
def _moved_when_whole(path: Path) -> Iterator[Path]:
    """Lend a name beside the file's own, so that nobody reads half a file."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        if error.errno is None:
            raise
        # The temporary name would tell nobody which file it is.
        raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _write_parquet(ticks: pa.RecordBatchReader, path: Path) -> None:
    with pq.ParquetWriter(path, ticks.schema, compression="zstd") as writer:
        for batch in ticks:
            # An empty part would leave an empty row group.
            if batch.num_rows:
                writer.write_batch(batch)


def _write_csv(ticks: pa.RecordBatchReader, where: Path | BinaryIO) -> None:
    schema = _with_timestamp(pa.RecordBatch.from_pylist([], ticks.schema)).schema
    with pa.csv.CSVWriter(where, schema) as writer:
        for batch in ticks:
            writer.write_batch(_with_timestamp(batch))


def _with_timestamp(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Put the moment in nanoseconds in the place of date and time: CSV has no time of day in Arrow."""
    moments = pc.add_checked(batch.column("date").cast(pa.timestamp("ns")), batch.column("time"))
    others = batch.drop_columns(["date", "time"])
    return others.add_column(0, pa.field("timestamp", moments.type), moments)
