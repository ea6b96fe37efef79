"""Responses to a Parquet dataset: a directory for each value of the partition columns, each file whole.

Next to the data, ``_tickframe/`` holds a small record of each part that is complete: its request, its
rows and its files. An interrupted run continues where it stopped, and an empty response is known.
``_tickframe/manifest.json`` is deleted before anything is written, and written last: if it exists, no
run was interrupted, and it lists the rows and files of all parts. Readers of such datasets ignore
names that begin with an underscore or a dot.
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

from tickframe.cache.policy import is_final
from tickframe.catalogue import Column
from tickframe.location import Location, is_unfinished
from tickframe.plan.part import Part
from tickframe.run.fetch import Fetched
from tickframe.run.outcomes import Outcome, Outcomes
from tickframe.wire.reader import Response

Existing = Literal["skip", "overwrite", "error"]

_RECORDS = "_tickframe"
_MANIFEST = f"{_RECORDS}/manifest.json"
# The name of a null in the layout of Hive and its readers.
_NULL_DIRECTORY = "__HIVE_DEFAULT_PARTITION__"
# Records that are read at once: in an object store each of them is a request.
_CONCURRENT_READS = 16


@dataclass(frozen=True, slots=True)
class Record:
    """What is known about a part that is complete.

    Attributes
    ----------
    name : str
        The name of the part, from its key.
    request : str
        The request as text.
    rows : int
        Number of rows.
    files : tuple of str
        Its files, relative to the dataset; empty if the response was empty.
    """

    name: str
    request: str
    rows: int
    files: tuple[str, ...]

    @classmethod
    def from_document(cls, name: str, document: Mapping[str, Any]) -> Record:
        """Return the record that :meth:`to_document` describes."""
        return cls(name, document["request"], document["rows"], tuple(document["files"]))

    def to_document(self) -> dict[str, object]:
        """Return what is written under the name."""
        return {"request": self.request, "rows": self.rows, "files": list(self.files)}


class Dataset:
    """Parquet files in the layout ``symbol=ZAL.XE/date=2016-05-05/<part>.parquet``.

    Parameters
    ----------
    location
        The directory of the dataset, or a URI that ``pyarrow.fs`` knows.
    partition_by
        The columns that become directories. The files do not contain them, as readers expect.

    Raises
    ------
    ValueError
        If no file system knows the URI.
    """

    def __init__(self, location: str | os.PathLike[str], partition_by: Sequence[str]) -> None:
        self._folder = Location(location)
        self._partition_by = list(partition_by)
        # Unfinished files from before belong to a run that was killed.
        self._started = time.time()
        self._before: dict[str, Record] = {}

    def check_portable(self) -> None:
        """Check that other processes can open the dataset.

        Raises
        ------
        ValueError
            If its location holds a secret.
        """
        self._folder.portable()

    def begin(self, parts: Sequence[Part], existing: Existing) -> dict[int, Record]:
        """Delete the manifest, and return the records of the parts that are complete, by their index.

        Raises
        ------
        FileExistsError
            If ``existing`` is ``"error"`` and a part is complete.
        OSError
            If the location cannot be read.
        """
        done = {} if existing == "overwrite" else self.done(parts)
        if done and existing == "error":
            raise FileExistsError(
                f"{self._folder} has {len(done)} of {len(parts)} parts already: choose another directory, or "
                "existing='skip' or 'overwrite'"
            )
        self._before = self._read_manifest()
        self._folder.delete(_MANIFEST)
        return done

    def done(self, parts: Sequence[Part]) -> dict[int, Record]:
        """Return the records of the parts that are complete, by their index; raises as :meth:`record_of` does."""
        with ThreadPoolExecutor(_CONCURRENT_READS) as pool:
            records = list(pool.map(self.record_of, parts))
        return {at: record for at, record in enumerate(records) if record is not None}

    def finish(self, records: Sequence[Record]) -> list[Path] | list[str]:
        """Write the manifest, and return the files.

        Parameters
        ----------
        records
            The records that this run wrote or found. The manifest also has those of earlier runs.

        Returns
        -------
        list of Path or list of str
            Paths if the directory is local, otherwise URIs without options.

        Raises
        ------
        OSError
            If the location cannot be read or written.
        """
        known = self._before | {record.name: record for record in records}
        on_disk = (name for name, _ in self._folder.files(_RECORDS, recursive=False) if not is_unfinished(name))
        names = [Path(name).stem for name in on_disk if name != _MANIFEST]
        with ThreadPoolExecutor(_CONCURRENT_READS) as pool:
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
        """Return the record of a part; None if it is not complete or a file of it is missing.

        Raises
        ------
        OSError
            If the location cannot be read.
        """
        record = self._read_record(_name(part))
        return record if record is not None and self._folder.exist(record.files) else None

    def write(self, part: Part, table: pa.Table) -> Record:
        """Write the response to a part, and then its record.

        Parameters
        ----------
        part
            The part.
        table
            Its rows.

        Returns
        -------
        Record
            What was written. The same part is written to the same files again.

        Raises
        ------
        ValueError
            If the response lacks a partition column.
        OSError
            If the directory cannot be written.
        """
        before = self.record_of(part)
        name = _name(part)
        files = []
        for directories, rows in _partitions(table, self._partition_by):
            file = "/".join([*directories, f"{name}.parquet"])
            self._write_whole(file, rows)
            files.append(file)
        record = Record(name, str(part), table.num_rows, tuple(files))
        for file in before.files if before is not None else ():
            if file not in files:
                self._folder.delete(file)
        if not part.paged and is_final(part):
            self._folder.write(f"{_RECORDS}/{name}.json", json.dumps(record.to_document()).encode())
        return record

    def _write_whole(self, file: str, table: pa.Table) -> None:
        """Write to another name and move, so that a reader never sees half a file."""
        if self._folder.is_local:
            self._delete_abandoned(file)
        with self._folder.unfinished(file) as unfinished:
            pq.write_table(table, unfinished, compression="zstd", filesystem=self._folder.filesystem)

    def _delete_abandoned(self, file: str) -> None:
        """Delete unfinished copies of a file from a run that was killed; another run may be writing it now."""
        directory, _, name = file.rpartition("/")
        for other, info in self._folder.files(directory, recursive=False):
            is_copy = is_unfinished(other) and other.rpartition("/")[2].startswith(f".{name}"[:100])
            if is_copy and info.mtime.timestamp() < self._started:
                self._folder.delete(other)

    def _read_record(self, name: str) -> Record | None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
            return Record.from_document(name, json.loads(self._folder.read(f"{_RECORDS}/{name}.json").to_pybytes()))
        return None

    def _read_manifest(self) -> dict[str, Record]:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
            parts = json.loads(self._folder.read(_MANIFEST).to_pybytes())["parts"]
            return {name: Record.from_document(name, document) for name, document in parts.items()}
        return {}


class Export:
    """Writes the parts that a dataset lacks.

    Parameters
    ----------
    dataset
        Where to write.
    parts
        All parts of the export.
    done
        The records of the parts that are complete, by their index.
    """

    def __init__(self, dataset: Dataset, parts: Sequence[Part], done: Mapping[int, Record]) -> None:
        self._dataset = dataset
        self._parts = parts
        self._done = done
        self._missing = [at for at in range(len(parts)) if at not in done]

    @property
    def missing(self) -> list[Part]:
        """The parts to load."""
        return [self._parts[at] for at in self._missing]

    def write(self, responses: Iterable[Fetched]) -> list[Record]:
        """Write the responses to the missing parts, and return the records of all parts in their order."""
        records = {at: [record] for at, record in self._done.items()}
        for fetched in responses:
            record = self._dataset.write(fetched.part, pa.Table.from_batches(fetched.response.batches))
            records.setdefault(self._missing[fetched.position], []).append(record)
        return [record for at in sorted(records) for record in records[at]]

    def outcomes(self, fetched: Iterable[Outcome]) -> Outcomes:
        """Return the outcomes of all parts in their order.

        Parameters
        ----------
        fetched
            The outcomes of the missing parts so far.
        """
        remaining = iter(fetched)
        outcomes = Outcomes()
        for at, part in enumerate(self._parts):
            if at in self._done:
                response = Response((), rows=self._done[at].rows, bytes=0, origin="dataset")
                outcomes.append(Outcome(part, response, seconds=0.0))
            elif (outcome := next(remaining, None)) is not None:
                outcomes.append(outcome)
        for outcome in remaining:
            outcomes.append(outcome)
        return outcomes


def check_export(
    partition_by: str | Sequence[str], existing: Existing, engine: str | None, columns: Sequence[Column]
) -> list[str]:
    """Check the arguments of an export before anything is sent, and return the partition columns.

    Raises
    ------
    ValueError
        If ``existing`` or the engine is unknown, or a partition column is not documented.
    """
    if existing not in get_args(Existing):
        raise ValueError(f"invalid existing {existing!r}: expected 'skip', 'overwrite' or 'error'")
    if engine not in ("dask", None):
        raise ValueError(f"invalid engine {engine!r}: expected 'dask' or None")
    names = [partition_by] if isinstance(partition_by, str) else list(partition_by)
    documented = {column.name for column in columns}
    if documented and not documented.issuperset(names):
        raise ValueError(
            f"invalid partition_by {names}: expected columns of the response, {', '.join(sorted(documented))}"
        )
    return names


def _name(part: Part) -> str:
    """Return the name of a part's files and record."""
    return f"{_directory_name(part.function)}-{hashlib.sha256(part.key()).hexdigest()[:16]}"


def _partitions(table: pa.Table, partition_by: Sequence[str]) -> Iterator[tuple[list[str], pa.Table]]:
    """Split a table by the values of the partition columns, rows in their order."""
    for column in partition_by:
        if column not in table.column_names:
            raise ValueError(
                f"invalid partition_by: the response has no column {column!r}, only {', '.join(table.column_names)}"
            )
    if not partition_by:
        if table.num_rows:
            yield [], table
        return
    # Each frame has a dictionary of its own.
    table = table.unify_dictionaries()
    # With threads the order of the groups varies.
    for key in table.group_by(list(partition_by), use_threads=False).aggregate([]).to_pylist():
        rows = table
        for column, value in key.items():
            rows = rows.filter(pc.field(column).is_null() if value is None else pc.field(column) == value)
        directories = [f"{column}={_directory_name(value)}" for column, value in key.items()]
        yield directories, rows.drop_columns(list(partition_by))


def _directory_name(value: object) -> str:
    """Return a value as one directory name, percent-encoded: a symbol is user input."""
    return _NULL_DIRECTORY if value is None else quote(str(value), safe="")
