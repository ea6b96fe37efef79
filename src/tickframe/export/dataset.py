"""A Parquet dataset: a directory for each value of the partition columns, each file whole, and what it holds.

``_tickframe/dataset.json`` says what the dataset holds, and a record of each part which files are its own. An
interrupted run continues where it stopped, and an empty response is known. ``_tickframe/manifest.json`` is deleted
before anything changes, and written last, unless another run has a note in ``_tickframe/running``: if it exists, no
run was interrupted, and it lists all parts. Readers of such datasets ignore names that begin with an underscore or a
dot.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, get_args

import pyarrow as pa

from tickframe.cache.policy import is_final
from tickframe.errors import DatasetError
from tickframe.export.conflicts import Asked, Existing
from tickframe.export.coverage import Coverage, can_overlap
from tickframe.export.files import FileFormat
from tickframe.export.identity import Identity
from tickframe.export.names import DirectoryNames, check_directories, directory_name
from tickframe.export.records import FileRecord, Record, Records, part_name, sha256
from tickframe.export.running import RunningExport
from tickframe.location import Location, is_unfinished
from tickframe.plan.part import Part
from tickframe.plan.plan import Plan
from tickframe.timestamps import TimeOptions
from tickframe.wire.batch import documented_schema

# The columns that become directories by default.
_DEFAULT_DIRECTORIES = ("symbol", "date")
_SYMBOL = "symbol"


class Dataset:
    """Parquet files in the layout ``symbol=ZAL.XE/date=2016-05-05/<part>.parquet``.

    Parameters
    ----------
    location
        The directory of the dataset, or a URI that ``pyarrow.fs`` knows.
    identity
        What it holds.
    file_format
        How rows become files.

    Raises
    ------
    ValueError
        If no file system knows the URI.
    """

    def __init__(self, location: str | os.PathLike[str], identity: Identity, file_format: FileFormat) -> None:
        self._location = Location(location)
        self._records = Records(self._location)
        self._running = RunningExport(self._location)
        self._identity = identity
        self._format = file_format
        # Unfinished files from before belong to a run that was killed.
        self._started = time.time()
        self._known: dict[str, Record] | None = None
        self._unfinished: dict[str, Record] = {}
        self._superseded: list[Record] = []
        self._is_prepared = False
        self._is_replaced = True
        self._was_interrupted = False
        self._directories = DirectoryNames(self._location)
        self._settled: pa.Schema | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Another process reads the records that it needs.
        return {**self.__dict__, "_known": None, "_unfinished": {}, "_superseded": [], "_is_prepared": True}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._running.abandon()

    def check_portable(self) -> None:
        """Check that other processes can open the dataset.

        Raises
        ------
        ValueError
            If its location holds a secret.
        """
        self._location.portable()

    def begin(self, parts: Sequence[Part], existing: Existing) -> dict[int, Record]:
        """Check what is there, and return the records of complete parts, by their index.

        Raises
        ------
        DatasetError
            If the location holds something that cannot be together with these parts.
        ValueError
            If two symbols would be the same directory on this disk.
        FileExistsError
            If ``existing`` is ``"error"`` and a part is complete.
        OSError
            If the location cannot be read.
        """
        there = Identity.read(self._location)
        manifest = self._records.read_manifest()
        self._was_interrupted = is_interrupted = there is not None and manifest is None
        known = (self._records.read_all({}) if is_interrupted else manifest) or {}
        unfinished = self._records.read_all_unfinished() if is_interrupted else {}
        names = [self._name(part) for part in parts]
        if there is not None:
            asked = Asked(self._identity, dict(zip(names, map(Coverage.of, parts), strict=True)), existing)
            self._superseded = asked.superseded(self._location, there, known, unfinished)
        for record in self._superseded:
            known.pop(record.name, None)
            unfinished.pop(record.name, None)
        self._check_names(parts, known)
        done = {} if existing == "overwrite" else self._complete(names, known)
        if done and existing == "error":
            raise FileExistsError(
                f"{self._location} has {len(done)} of {len(parts)} parts already: choose another directory, or "
                "existing='skip' or 'overwrite'"
            )
        if there is not None and any(record.rows for record in known.values()):
            self._identity = self._identity.with_rows(there.schema, there.timestamp)
        self._is_replaced = self._identity != there or bool(self._superseded)
        self._known, self._unfinished = known, unfinished
        self._running.begin(
            {name: (str(part), Coverage.of(part)) for name, part in zip(names, parts, strict=True)},
            replaces_all=there is not None and bool(there.differences(self._identity)),
        )
        if is_interrupted:
            self._delete_abandoned()
        return {at: record for at, record in done.items() if record.is_final}

    def _check_names(self, parts: Sequence[Part], known: Mapping[str, Record]) -> None:
        self._directories.add(
            directory for record in known.values() for file in record.files for directory in file.name.split("/")[:-1]
        )
        if _SYMBOL in self._identity.partition_by:
            symbols = dict.fromkeys(symbol for part in parts for symbol in part.symbols())
            self._directories.add(f"{_SYMBOL}={directory_name(symbol)}" for symbol in symbols)

    def prepare(self) -> None:
        """Delete the manifest and what this run replaces, and write the identity; only the first call does anything."""
        if self._is_prepared:
            return
        self._records.delete_manifest()
        for record in self._superseded:
            # Their names are known as long as the record exists.
            for file in record.files:
                self._delete_file(file.name)
            self._records.delete(record.name)
            self._records.delete_unfinished(record.name)
        if self._is_replaced:
            self._identity.write(self._location)
        self._is_prepared = True

    def done(self, parts: Sequence[Part]) -> dict[int, Record]:
        """Return the records of the parts that are complete and final, by their index.

        Raises
        ------
        OSError
            If the location cannot be read.
        """
        names = [self._name(part) for part in parts]
        done = self._complete(names, self._records.read_many(dict.fromkeys(names)))
        return {at: record for at, record in done.items() if record.is_final}

    def settle_columns(self, schema: pa.Schema) -> None:
        """Compare the columns of rows with those of the dataset, or record them if they are the first.

        Raises
        ------
        DatasetError
            If they differ.
        """
        if self._settled is not None and schema.equals(self._settled):
            return
        columns = self._format.schema(schema)
        if self._identity.schema is None:
            there = Identity.read(self._location)
            if there is not None and there.schema is not None and self._known is None:
                self._identity = self._identity.with_rows(there.schema, there.timestamp)
            else:
                self._identity = self._identity.with_rows(columns, self._format.timestamp(schema))
                self._identity.write(self._location)
        expected = self._identity.schema
        assert expected is not None
        if not columns.equals(expected):
            raise _other_columns(self._location, expected, columns)
        self._settled = schema

    def write(self, part: Part, batches: Sequence[pa.RecordBatch]) -> Record:
        """Write the rows of a part, and then its record. Threads can write different parts at once.

        Parameters
        ----------
        part
            The part.
        batches
            Its rows, those of all pages together.

        Returns
        -------
        Record
            What was written. The same part is written to the same files again.

        Raises
        ------
        ValueError
            If the response lacks a partition column, or readers would change one of its values.
        OSError
            If the directory cannot be written.
        """
        name = self._name(part)
        coverage = Coverage.of(part)
        has_note = can_overlap(part, coverage)
        files = {"/".join((*file.directories, f"{name}.parquet")): file for file in self._format.files(batches)}
        self._directories.add(directory for file in files.values() for directory in file.directories)
        record = Record(
            name,
            str(part),
            sum(file.rows for file in files.values()),
            is_final=not part.paged and is_final(part),
            coverage=coverage,
            files=tuple(
                FileRecord(file_name, file.rows, file.content.size, sha256(file.content))
                for file_name, file in files.items()
            ),
        )
        before = self._before(name, has_note=has_note)
        vanished = [file for each in before for file in each.files if file.name not in files]
        if has_note:
            self._records.write_unfinished(replace(record, files=(*record.files, *vanished)))
        # A symbol may vanish from a day that may still change. The record names its file as long as it exists.
        for file in vanished:
            self._delete_file(file.name)
        if before:
            self._records.delete(name)
        for file_name, new in files.items():
            self._location.write(file_name, new.content, durable=True)
        # A power cut must not leave a record without its data.
        self._location.flush_directories(files)
        self._records.write(record)
        if has_note:
            self._records.delete_unfinished(name)
        return record

    def _before(self, name: str, *, has_note: bool) -> list[Record]:
        """Return what is known about a part from earlier runs."""
        if self._known is not None:
            found = [self._known.get(name), self._unfinished.get(name)]
        else:
            found = [self._records.read(name), self._records.read_unfinished(name) if has_note else None]
        return [record for record in found if record is not None]

    def _delete_file(self, name: str) -> None:
        self._location.delete(name)
        self._location.delete_empty_parents(name)

    def finish(
        self, records: Sequence[Record], schema: pa.Schema, *, is_complete: bool = True
    ) -> list[Path] | list[str]:
        """Write the manifest, and return the files.

        Parameters
        ----------
        records
            The records that this run wrote or found. The manifest also has those of earlier runs.
        schema
            The documented columns of responses, which are those of the dataset if there are no rows.
        is_complete
            Whether no part failed. Otherwise there is no manifest, as after an interrupted run, or while another
            export is running or was killed.

        Returns
        -------
        list of Path or list of str
            Paths if the directory is local, otherwise URIs without options.

        Raises
        ------
        OSError
            If the location cannot be read or written.
        """
        if self._is_replaced or not is_complete:
            self.prepare()
        if not any(record.rows for record in (*records, *(self._known or {}).values())):
            columns = self._format.schema(schema)
            self._identity.with_rows(columns, self._format.timestamp(schema)).write(self._location)
        known = self._in_order(self._known or {}, {record.name: record for record in records})
        if is_complete:
            self._running.end()
            # One that begins now writes its note before it deletes the manifest.
            if self._running.is_alone():
                self._records.write_manifest(self._records.read_all(known))
                if not self._running.is_alone():
                    self._records.delete_manifest()
        else:
            self._running.abandon()
        files = [file.name for record in records for file in record.files]
        if self._location.is_local:
            return [Path(self._location.path(file)) for file in files]
        return [f"{str(self._location).rstrip('/')}/{file}" for file in files]

    def _in_order(self, known: Mapping[str, Record], own: Mapping[str, Record]) -> dict[str, Record]:
        """Return all records in the order of their parts, in which readers have rows of the same time."""
        if self._was_interrupted:
            # Records of an interrupted run were found without an order.
            return {**own, **{name: record for name, record in known.items() if name not in own}}
        return {**known, **own}

    def _complete(self, names: Sequence[str], known: Mapping[str, Record]) -> dict[int, Record]:
        """Return the records of the parts that are complete, by their index."""
        complete = self._records.complete(known[name] for name in dict.fromkeys(names) if name in known)
        return {at: complete[name] for at, name in enumerate(names) if name in complete}

    def _name(self, part: Part) -> str:
        return part_name(part, directory_name(part.function))

    def _delete_abandoned(self) -> None:
        """Delete unfinished files of a run that was killed; another run may be writing others now."""
        for name in self._unfinished.keys() & (self._known or {}).keys():
            # It was killed before its files changed, or after its record was written.
            self._records.delete_unfinished(name)
        for name, info in self._location.files():
            if is_unfinished(name) and info.mtime.timestamp() < self._started:
                self._location.delete(name)


def _other_columns(location: Location, there: pa.Schema, here: pa.Schema) -> DatasetError:
    before, now = ({each.name: str(each.type) for each in schema} for schema in (there, here))
    different = [name for name in before | now if before.get(name) != now.get(name)]
    what = "the columns are in another order"
    if different:
        name = different[0]
        what = f"column {name!r} is {before.get(name, 'absent')} there and {now.get(name, 'absent')} here"
    return DatasetError(f"{location} holds rows with other columns: {what}. Choose another directory")


def open_dataset(
    location: str | os.PathLike[str],
    plan: Plan,
    service: str,
    *,
    partition_by: str | Sequence[str] | None,
    times: TimeOptions,
    write_options: Mapping[str, Any] | None,
) -> Dataset:
    """Return the dataset of a query, its arguments checked.

    Parameters
    ----------
    location
        The directory of the dataset, or a URI that ``pyarrow.fs`` knows.
    plan
        The requests.
    service
        Which service answers them.
    partition_by, times, write_options
        As in :meth:`tickframe.Query.to_parquet`.

    Raises
    ------
    ValueError
        If a partition column is not documented, a symbol cannot be a directory, a write option is invalid, or no file
        system knows the URI.
    """
    documented = {column.name for column in plan.columns}
    if partition_by is None:
        partition_by = [name for name in _DEFAULT_DIRECTORIES if name in documented or not documented]
    names = (partition_by,) if isinstance(partition_by, str) else tuple(partition_by)
    if documented and not documented.issuperset(names):
        raise ValueError(
            f"invalid partition_by {list(names)}: expected columns of the response, {', '.join(sorted(documented))}"
        )
    file_format = FileFormat(names, times, plan.parts[0].is_documented, dict(write_options or {}))
    file_format.check(documented_schema(plan.columns))
    if _SYMBOL in names:
        check_directories(_SYMBOL, plan.symbols())
    return Dataset(location, Identity.of(plan.parts[0], service, names, times), file_format)


def check_existing(existing: Existing, engine: str | None) -> None:
    """Check two arguments of an export before anything is sent.

    Raises
    ------
    ValueError
        If ``existing`` or the engine is unknown.
    """
    if existing not in get_args(Existing):
        raise ValueError(f"invalid existing {existing!r}: expected 'skip', 'overwrite' or 'error'")
    if engine not in ("dask", None):
        raise ValueError(f"invalid engine {engine!r}: expected 'dask' or None")
