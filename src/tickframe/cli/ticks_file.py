"""Ticks into one file, Parquet or CSV, batch by batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

__all__ = ["SUFFIXES", "write_ticks"]

SUFFIXES = (".parquet", ".csv")


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


@contextmanager
def _moved_when_whole(path: Path) -> Iterator[Path]:
    """Lend a name beside the file's own, so that nobody reads half a file."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_parquet(ticks: pa.RecordBatchReader, path: Path) -> None:
    with pq.ParquetWriter(path, ticks.schema, compression="zstd") as writer:
        for batch in ticks:
            # An empty part would leave an empty row group.
            if batch.num_rows:
                writer.write_batch(batch)


def _write_csv(ticks: pa.RecordBatchReader, path: Path) -> None:
    schema = _with_timestamp(pa.RecordBatch.from_pylist([], ticks.schema)).schema
    with pa.csv.CSVWriter(path, schema) as writer:
        for batch in ticks:
            writer.write_batch(_with_timestamp(batch))


def _with_timestamp(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Put the moment in nanoseconds in the place of date and time: CSV has no time of day in Arrow."""
    moments = pc.add_checked(batch.column("date").cast(pa.timestamp("ns")), batch.column("time"))
    others = batch.drop_columns(["date", "time"])
    return others.add_column(0, pa.field("timestamp", moments.type), moments)
