"""Answers to a Parquet dataset: one folder for each value of the partition columns, each file whole.

Beside the data, ``_tickframe/`` keeps a small record of each part that is done: its request, its
rows and its files. A run that was ended begins where it stopped, and "asked, and empty" is known.
``_tickframe/manifest.json`` is taken away before anything is written, and comes last: where it is,
no run was broken off, and the rows and files of all parts stand in it. Readers of such datasets pass
over names that begin with an underscore or a dot.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tickframe.catalogue import Column
from tickframe.location import Folder, is_unfinished
from tickframe.plan.part import Part
from tickframe.run.outcomes import Outcome, Outcomes
from tickframe.wire.reader import Response

Existing = Literal["skip", "overwrite", "error"]

_RECORDS = "_tickframe"
_MANIFEST = f"{_RECORDS}/manifest.json"
# What Hive, and every reader of its layout, calls a null.
_NULL_DIRECTORY = "__HIVE_DEFAULT_PARTITION__"
# Records that are read at once: in an object store each of them is a request.
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a part that is done.

    Attributes
    ----------
    name : str
        The part, by what it asks for.
    request : str
        The request in words.
    rows : int
        Its rows.
    files : tuple of str
        Its files, relative to the dataset; none where the answer was empty.
    """

    name: str
    request: str
    rows: int
    files: tuple[str, ...]

    def to_document(self) -> dict[str, object]:
        """Return what is written of it, under its name."""
        return {"request": self.request, "rows": self.rows, "files": list(self.files)}


class Dataset:
    """Parquet files in the layout ``symbol=ZAL.XE/date=2016-05-05/<part>.parquet``.

    Parameters
    ----------
    place
        The dataset's folder, or a URI that ``pyarrow.fs`` knows.
    partition_by
        The columns that become folders. They are left out of the files, as readers expect.
    started
        When the run began that writes, in seconds since 1970; left out, now. What is unfinished from
        before is of a run that was killed.

    Raises
    ------
    ValueError
        If no file system knows the URI.
    """

    def __init__(
        self, place: str | os.PathLike[str], partition_by: Sequence[str], started: float | None = None
    ) -> None:
        self._folder = Folder(place)
        self._partition_by = list(partition_by)
        self._started = time.time() if started is None else started
        self._before: dict[str, Record] = {}

    def check_portable(self) -> None:
        """Check that other processes can reach the dataset.

        Raises
        ------
        ValueError
            If a secret is in the place.
        """
        self._folder.portable_place()

    def begin(self, parts: Sequence[Part], existing: Existing) -> dict[int, Record]:
        """Take the manifest away, and return what is known of the parts that are done, by their places.

        Raises
        ------
        FileExistsError
            If ``existing`` is ``"error"`` and a part is done.
        OSError
            If the place cannot be read.
        """
        done = {} if existing == "overwrite" else self._records_of(parts)
        if done and existing == "error":
            raise FileExistsError(
                f"{self._folder} has {len(done)} of {len(parts)} parts already: take another folder, or "
                "existing='skip' or 'overwrite'"
            )
        self._before = self._read_manifest()
        self._folder.delete(_MANIFEST)
        return done

    def finish(self, records: Sequence[Record]) -> list[Path] | list[str]:
        """Write the manifest, and return the files.

        Parameters
        ----------
        records
            What this run wrote or found. The manifest has what others wrote before, too.

        Returns
        -------
        list of Path or list of str
            Paths where the folder is local, else URIs without options.

        Raises
        ------
        OSError
            If the place cannot be read or written.
        """
        known = self._before | {record.name: record for record in records}
        on_disk = (name for name, _ in self._folder.files(_RECORDS, recursive=False) if not is_unfinished(name))
        names = [Path(name).stem for name in on_disk if name != _MANIFEST]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            others = list(pool.map(self._read_record, [name for name in names if name not in known]))
        known |= {record.name: record for record in others if record is not None}
        manifest = {
            "rows": sum(record.rows for record in known.values()),
            "parts": {name: known[name].to_document() for name in sorted(known)},
        }
        self._folder.write(_MANIFEST, json.dumps(manifest).encode())
        files = [file for record in records for file in record.files]
        if self._folder.is_local:
            return [Path(self._folder.path(file)) for file in files]
        return [f"{str(self._folder).rstrip('/')}/{file}" for file in files]

    def record_of(self, part: Part) -> Record | None:
        """Return what is known of a part, None where it is not done or a file of it is gone.

        Raises
        ------
        OSError
            If the place cannot be read.
        """
        record = self._read_record(_name(part))
        return record if record is not None and self._folder.exist(record.files) else None

    def write(self, part: Part, table: pa.Table) -> Record:
        """Write the answer to a part, and then that it is done.

        Parameters
        ----------
        part
            The part.
        table
            Its rows.

        Returns
        -------
        Record
            What was written. The same part writes the same files again.

        Raises
        ------
        ValueError
            If the answer lacks a partition column.
        OSError
            If the folder cannot be written.
        """
        before = self.record_of(part)
        name = _name(part)
        files = []
        for folders, rows in _partitions(table, self._partition_by):
            file = "/".join([*folders, f"{name}.parquet"])
            self._write_whole(file, rows)
            files.append(file)
        record = Record(name, str(part), table.num_rows, tuple(files))
        for file in before.files if before is not None else ():
            if file not in files:
                self._folder.delete(file)
        if not part.paged and not part.may_change():
            self._folder.write(f"{_RECORDS}/{name}.json", json.dumps(record.to_document()).encode())
        return record

    def _write_whole(self, file: str, table: pa.Table) -> None:
        """Write under another name and move, so that a reader never sees half a file."""
        if self._folder.is_local:
            self._delete_left_behind(file)
        with self._folder.unfinished(file) as unfinished:
            pq.write_table(table, unfinished, compression="zstd", filesystem=self._folder.filesystem)

    def _delete_left_behind(self, file: str) -> None:
        """Delete what a run that was killed began of a file; another run may be writing it just now."""
        folder, _, name = file.rpartition("/")
        for other, info in self._folder.files(folder, recursive=False):
            begun = is_unfinished(other) and other.rpartition("/")[2].startswith(f".{name}"[:100])
            if begun and info.mtime.timestamp() < self._started:
                self._folder.delete(other)

    def _records_of(self, parts: Sequence[Part]) -> dict[int, Record]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            records = list(pool.map(self.record_of, parts))
        return {place: record for place, record in enumerate(records) if record is not None}

    def _read_record(self, name: str) -> Record | None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
            return _record(name, json.loads(self._folder.read(f"{_RECORDS}/{name}.json").to_pybytes()))
        return None

    def _read_manifest(self) -> dict[str, Record]:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
            parts = json.loads(self._folder.read(_MANIFEST).to_pybytes())["parts"]
            return {name: _record(name, document) for name, document in parts.items()}
        return {}


def outcomes_beside(done: Mapping[int, Record], parts: Sequence[Part], fetched: Iterable[Outcome]) -> Outcomes:
    """Put the parts that a dataset had already among the outcomes of the others, in the order of the parts."""
    asked = iter(fetched)
    outcomes = Outcomes()
    for place, part in enumerate(parts):
        outcome = (
            Outcome(part, Response((), rows=done[place].rows, bytes=0, origin="dataset"), seconds=0.0)
            if place in done
            else next(asked, None)
        )
        if outcome is not None:
            outcomes.append(outcome)
    for outcome in asked:
        outcomes.append(outcome)
    return outcomes


def check_export(
    partition_by: str | Sequence[str], existing: Existing, engine: str | None, columns: Sequence[Column]
) -> list[str]:
    """Check the arguments of an export before anything is sent, and return the partition columns.

    Raises
    ------
    ValueError
        If ``existing`` or the engine is unknown, or no documented column has the name of a partition column.
    """
    if existing not in get_args(Existing):
        raise ValueError(f"existing {existing!r} is none of 'skip', 'overwrite', 'error'")
    if engine not in ("dask", None):
        raise ValueError(f"engine {engine!r} is neither 'dask' nor None")
    names = [partition_by] if isinstance(partition_by, str) else list(partition_by)
    documented = {column.name for column in columns}
    if documented and not documented.issuperset(names):
        raise ValueError(
            f"partition_by {names} names a column that the answer does not have: it has {', '.join(sorted(documented))}"
        )
    return names


def _record(name: str, document: Mapping[str, Any]) -> Record:
    return Record(name, document["request"], document["rows"], tuple(document["files"]))


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
