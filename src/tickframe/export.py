"""Answers to a Parquet dataset: one folder for each value of the partition columns, each file whole.

Beside the data, ``_tickframe/`` keeps a small record of each part that is done: its request, its
rows and its files. A run that was ended begins where it stopped, and "asked, and empty" is known.
Readers of such datasets pass over names that begin with an underscore or a dot.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tickframe.part import Part

__all__ = ["Dataset", "Existing", "Record"]

Existing = Literal["skip", "overwrite", "error"]

_RECORDS = "_tickframe"
# What Hive, and every reader of its layout, calls a null.
_NULL_DIRECTORY = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a part that is done.

    Attributes
    ----------
    request : str
        The request in words.
    rows : int
        Its rows.
    files : tuple of str
        Its files, relative to the dataset; none where the answer was empty.
    """

    request: str
    rows: int
    files: tuple[str, ...]


class Dataset:
    """A folder of Parquet files in the layout ``symbol=ZAL.XE/date=2016-05-05/<part>.parquet``.

    Parameters
    ----------
    directory
        The folder; made where it is not there.
    partition_by
        The columns that become folders. They are left out of the files, as readers expect.
    """

    def __init__(self, directory: str | os.PathLike[str], partition_by: Sequence[str]) -> None:
        self._directory = Path(directory)
        self._partition_by = list(partition_by)

    def record_of(self, part: Part) -> Record | None:
        """Return what is known of a part, None where it is not done or a file of it is gone."""
        try:
            document = json.loads(self._record_path(part).read_text())
            record = Record(document["request"], document["rows"], tuple(document["files"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return record if all(path.exists() for path in self.paths(record)) else None

    def records_of(self, parts: Sequence[Part]) -> dict[int, Record]:
        """Return what is known of the parts that are done, by their places."""
        records = ((place, self.record_of(part)) for place, part in enumerate(parts))
        return {place: record for place, record in records if record is not None}

    def paths(self, record: Record) -> list[Path]:
        """Return the files of a part."""
        return [self._directory / file for file in record.files]

    def write(self, part: Part, table: pa.Table) -> list[Path]:
        """Write the answer to a part, and then that it is done.

        Parameters
        ----------
        part
            The part.
        table
            Its rows.

        Returns
        -------
        list of Path
            Its files. The same part writes the same files again.

        Raises
        ------
        ValueError
            If the answer lacks a partition column.
        OSError
            If the folder cannot be written.
        """
        before = self.record_of(part)
        name = f"{_name(part)}.parquet"
        files = []
        for folder, rows in _partitions(table, self._partition_by):
            file = Path(*folder, name)
            _write_whole(self._directory / file, rows)
            files.append(file.as_posix())
        record = Record(str(part), table.num_rows, tuple(files))
        for path in self.paths(before) if before is not None else ():
            if path not in self.paths(record):
                path.unlink(missing_ok=True)
        if not part.paged and not part.may_change():
            self._write_record(part, record)
        return self.paths(record)

    def _record_path(self, part: Part) -> Path:
        return self._directory / _RECORDS / f"{_name(part)}.json"

    def _write_record(self, part: Part, record: Record) -> None:
        path = self._record_path(part)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = _unfinished(path)
        unfinished.write_text(json.dumps(asdict(record)))
        unfinished.replace(path)


def _name(part: Part) -> str:
    """Name a part by what it asks for."""
    request = part.to_message(reference_id="", parameter_names={})
    digest = hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest()[:16]
    return f"{_directory_name(part.function)}-{digest}"


def _partitions(table: pa.Table, partition_by: Sequence[str]) -> Iterator[tuple[list[str], pa.Table]]:
    """Split a table by the values of the partition columns, rows in their order."""
    for column in partition_by:
        if column not in table.column_names:
            raise ValueError(
                f"the answer has no column {column!r} to partition by: partition_by takes {table.column_names}"
            )
    if not partition_by:
        if table.num_rows:
            yield [], table
        return
    # Each frame has a dictionary of its own.
    table = table.unify_dictionaries()
    # Threads would return the groups in another order each time.
    for key in table.group_by(list(partition_by), use_threads=False).aggregate([]).to_pylist():
        rows = table
        for column, value in key.items():
            rows = rows.filter(pc.field(column).is_null() if value is None else pc.field(column) == value)
        folder = [f"{column}={_directory_name(value)}" for column, value in key.items()]
        yield folder, rows.drop_columns(list(partition_by))


def _directory_name(value: object) -> str:
    """Spell a value so that it stays one folder: a symbol is user input."""
    return _NULL_DIRECTORY if value is None else quote(str(value), safe="")


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def _write_whole(path: Path, table: pa.Table) -> None:
    """Write under another name and move, so that a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left_behind in path.parent.glob(f".{path.name}.*.tmp"):
        # Of a run that was killed.
        left_behind.unlink(missing_ok=True)
    unfinished = _unfinished(path)
    try:
        pq.write_table(table, unfinished, compression="zstd")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
