"""A Parquet dataset: a directory for each value of the partition columns, each file whole, and what it holds.

``_tickframe/dataset.json`` says what the dataset holds, and a record of each part which files are its own. An
interrupted run continues where it stopped, and an empty response is known. ``_tickframe/manifest.json`` is deleted
before anything is written, and written last: if it exists, no run was interrupted, and it lists all parts. Readers
of such datasets ignore names that begin with an underscore or a dot.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow as pa

from tickframe.cache.policy import is_final
from tickframe.errors import DatasetError
from tickframe.export.coverage import Coverage, Union
from tickframe.export.files import FileFormat, directory_name
from tickframe.export.identity import Identity
from tickframe.export.records import FileRecord, Record, Records, part_name, sha256
from tickframe.location import Location, is_unfinished
from tickframe.plan.part import Part
from tickframe.plan.plan import Plan
from tickframe.timestamps import TimeOptions
from tickframe.wire.batch import documented_schema

Existing = Literal["skip", "overwrite", "error"]


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
        self._identity = identity
        self._format = file_format
        # Unfinished files from before belong to a run that was killed.
        self._started = time.time()
        self._known: dict[str, Record] | None = None
        self._superseded: list[Record] = []
        self._is_prepared = False
        self._was_interrupted = False

    def __getstate__(self) -> dict[str, Any]:
        # Another process reads the records that it needs.
        return {**self.__dict__, "_known": None, "_superseded": [], "_is_prepared": True}

    def check_portable(self) -> None:
        """Check that other processes can open the dataset.

        Raises
        ------
        ValueError
            If its location holds a secret.
        """
        self._location.portable()

    def begin(self, parts: Sequence[Part], existing: Existing) -> dict[int, Record]:
        """Check what is there, delete the manifest, and return the records of complete parts, by their index.

        Raises
        ------
        DatasetError
            If the location holds something that cannot be together with these parts.
        FileExistsError
            If ``existing`` is ``"error"`` and a part is complete.
        OSError
            If the location cannot be read.
        """
        there = Identity.read(self._location)
        manifest = self._records.read_manifest()
        self._was_interrupted = manifest is None
        if there is None:
            known: dict[str, Record] = {}
        else:
            known = self._records.read_all({}) if manifest is None else manifest
        names = [self._name(part) for part in parts]
        self._superseded = self._check(there, known, parts, names, existing)
        for record in self._superseded:
            del known[record.name]
        done = {}
        if existing != "overwrite":
            complete = self._records.complete(known[name] for name in dict.fromkeys(names) if name in known)
            there_already = [at for at, name in enumerate(names) if name in complete]
            if there_already and existing == "error":
                raise FileExistsError(
                    f"{self._location} has {len(there_already)} of {len(parts)} parts already: choose another "
                    "directory, or existing='skip' or 'overwrite'"
                )
            done = {at: complete[names[at]] for at in there_already if complete[names[at]].is_final}
        holds_rows = any(record.rows for record in known.values())
        if there is not None and holds_rows:
            self._identity = self._identity.with_schema(there.schema)
        self._known = known
        self._records.delete_manifest()
        if manifest is None and there is not None:
            self._delete_abandoned()
        return done

    def prepare(self) -> None:
        """Delete what this run replaces, and write the identity; only the first call does anything."""
        if self._is_prepared:
            return
        for record in self._superseded:
            # Their names are known as long as the record exists.
            for file in record.files:
                self._location.delete(file.name)
                self._location.delete_empty_parents(file.name)
            self._records.delete(record.name)
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
        complete = self._records.complete(self._records.read_many(dict.fromkeys(names)).values())
        return {at: complete[name] for at, name in enumerate(names) if name in complete and complete[name].is_final}

    def settle_columns(self, schema: pa.Schema) -> None:
        """Compare the columns of rows with those of the dataset, or record them if they are the first.

        Raises
        ------
        DatasetError
            If they differ.
        """
        columns = self._format.schema(schema)
        if self._identity.schema is None:
            there = Identity.read(self._location)
            if there is not None and there.schema is not None and self._known is None:
                self._identity = self._identity.with_schema(there.schema)
            else:
                self._identity = self._identity.with_schema(columns)
                self._identity.write(self._location)
        expected = self._identity.schema
        assert expected is not None
        if not columns.equals(expected):
            here, there_ = ({each.name: str(each.type) for each in each_schema} for each_schema in (columns, expected))
            name = next((name for name in there_ | here if here.get(name) != there_.get(name)), "")
            what = (
                f"column {name!r} is {there_.get(name, 'absent')} there and {here.get(name, 'absent')} here"
                if name
                else "the columns are in another order"
            )
            raise DatasetError(f"{self._location} holds rows with other columns: {what}. Choose another directory")

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
            If the response lacks a partition column.
        OSError
            If the directory cannot be written.
        """
        name = self._name(part)
        files = {"/".join((*file.directories, f"{name}.parquet")): file for file in self._format.files(batches)}
        before = self._records.read(name) if self._known is None else self._known.get(name)
        if before is not None:
            # A symbol may vanish from a day that may still change. The record names its file as long as it exists.
            for file_before in before.files:
                if file_before.name not in files:
                    self._location.delete(file_before.name)
                    self._location.delete_empty_parents(file_before.name)
            self._records.delete(name)
        written = []
        for file_name, file in files.items():
            self._location.write(file_name, file.content)
            written.append(FileRecord(file_name, file.rows, file.content.size, sha256(file.content)))
        record = Record(
            name,
            str(part),
            sum(file.rows for file in written),
            is_final=not part.paged and is_final(part),
            coverage=Coverage.of(part),
            files=tuple(written),
        )
        self._records.write(record)
        return record

    def finish(self, records: Sequence[Record], schema: pa.Schema) -> list[Path] | list[str]:
        """Write the manifest, and return the files.

        Parameters
        ----------
        records
            The records that this run wrote or found. The manifest also has those of earlier runs.
        schema
            The documented columns of responses, which are those of the dataset if there are no rows.

        Returns
        -------
        list of Path or list of str
            Paths if the directory is local, otherwise URIs without options.

        Raises
        ------
        OSError
            If the location cannot be read or written.
        """
        self.prepare()
        if not any(record.rows for record in (*records, *(self._known or {}).values())):
            self._identity.with_schema(self._format.schema(schema)).write(self._location)
        known = self._in_order(self._known or {}, {record.name: record for record in records})
        self._records.write_manifest(self._records.read_all(known))
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

    def _name(self, part: Part) -> str:
        return part_name(part, directory_name(part.function))

    def _check(
        self,
        there: Identity | None,
        known: Mapping[str, Record],
        parts: Sequence[Part],
        names: Collection[str],
        existing: Existing,
    ) -> list[Record]:
        """Return the records that this run replaces because they are about the same days."""
        if there is None or not known:
            return []
        covered = Union(Coverage.of(part) for part in parts)
        differences = there.differences(self._identity)
        if not differences:
            own = set(names)
            same_days = [
                record
                for record in known.values()
                if record.name not in own and record.files and covered.overlaps(record.coverage)
            ]
            self._check_same_days(same_days, covered, existing)
            return same_days
        what = f"{self._location} holds another kind of data: {'; '.join(differences)}."
        if existing != "overwrite":
            raise DatasetError(f"{what} Choose another directory, or existing='overwrite' to replace all of its days")
        if not self._identity.may_replace(there):
            raise DatasetError(f"{what} It cannot be overwritten: choose another directory")
        remaining = sum(covered.missing(record.coverage) for record in known.values() if record.files)
        if remaining:
            raise DatasetError(
                f"{what} {remaining:,} of its days of a symbol would remain of the other kind: overwrite all of them, "
                "or choose another directory"
            )
        return list(known.values())

    def _check_same_days(self, records: Sequence[Record], covered: Union, existing: Existing) -> None:
        if not records:
            return
        what = (
            f"{self._location} holds days of these symbols from other requests, so that their rows would be there "
            f"twice: {records[0].request}{f' and {len(records) - 1} more' if len(records) > 1 else ''}."
        )
        if existing != "overwrite":
            raise DatasetError(
                f"{what} Request the same symbols and days as before, choose another directory, or "
                "existing='overwrite' to replace them"
            )
        if remaining := sum(covered.missing(record.coverage) for record in records):
            raise DatasetError(
                f"{what} Of these, {remaining:,} days of a symbol would be lost, since this query does not replace "
                "them: overwrite all of them, or choose another directory"
            )

    def _delete_abandoned(self) -> None:
        """Delete unfinished files of a run that was killed; another run may be writing others now."""
        for name, info in self._location.files():
            if is_unfinished(name) and info.mtime.timestamp() < self._started:
                self._location.delete(name)


def open_dataset(
    location: str | os.PathLike[str],
    plan: Plan,
    service: str,
    *,
    partition_by: str | Sequence[str],
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
        If a partition column is not documented, a write option is invalid, or no file system knows the URI.
    """
    names = (partition_by,) if isinstance(partition_by, str) else tuple(partition_by)
    documented = {column.name for column in plan.columns}
    if documented and not documented.issuperset(names):
        raise ValueError(
            f"invalid partition_by {list(names)}: expected columns of the response, {', '.join(sorted(documented))}"
        )
    file_format = FileFormat(names, times, plan.parts[0].is_documented, dict(write_options or {}))
    file_format.check(documented_schema(plan.columns))
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
