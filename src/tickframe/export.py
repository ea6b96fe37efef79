"""Answers to Parquet files, one folder for each value of the partition columns."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tickframe.part import Part

__all__ = ["write_parquet"]

# What Hive, and every reader of its layout, calls a null.
_NULL_DIRECTORY = "__HIVE_DEFAULT_PARTITION__"


def write_parquet(
    tables: Iterable[tuple[Part, pa.Table]], directory: str | os.PathLike[str], partition_by: Sequence[str]
) -> list[Path]:
    """Write tables into a dataset of the layout ``symbol=ZAL.XE/date=2016-05-05/<part>.parquet``.

    Parameters
    ----------
    tables
        Each part and its answer.
    directory
        The dataset's folder; made where it is not there.
    partition_by
        The columns that become folders. They are left out of the files, as readers expect.

    Returns
    -------
    list of Path
        The files, in the order of writing. The same part writes the same file again.

    Raises
    ------
    ValueError
        If a table lacks a partition column.
    OSError
        If the folder cannot be written.
    """
    written = []
    for part, table in tables:
        name = f"{part.function}-{_digest(part)}.parquet"
        for folder, rows in _partitions(table, partition_by):
            path = Path(directory, *folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(rows, path)
            written.append(path)
    return written


def _digest(part: Part) -> str:
    """Name a part by what it asks for."""
    request = part.to_message(reference_id="", parameter_names={})
    return hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()[:12]


def _partitions(table: pa.Table, partition_by: Sequence[str]) -> Iterator[tuple[list[str], pa.Table]]:
    """Split a table by the values of the partition columns, rows in their order."""
    for column in partition_by:
        if column not in table.column_names:
            raise ValueError(
                f"the answer has no column {column!r} to partition by: partition_by takes {table.column_names}"
            )
    if not partition_by:
        yield [], table
        return
    for key in table.select(list(partition_by)).group_by(list(partition_by)).aggregate([]).to_pylist():
        rows = table
        for column, value in key.items():
            rows = rows.filter(pc.field(column).is_null() if value is None else pc.field(column) == value)
        folder = [f"{column}={_directory_name(value)}" for column, value in key.items()]
        yield folder, rows.drop_columns(list(partition_by))


def _directory_name(value: object) -> str:
    """Spell a value so that it stays one folder: a symbol is user input."""
    return _NULL_DIRECTORY if value is None else quote(str(value), safe="")


def _write_whole(table: pa.Table, path: Path) -> None:
    """Write under another name and move, so that a reader never sees half a file."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        pq.write_table(table, unfinished, compression="zstd")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
