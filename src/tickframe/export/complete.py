"""An export that is complete: what its rows are, its files, and the symbols and days that were requested."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from tickframe.catalogue import FUNCTIONS, timestamp_columns
from tickframe.errors import DatasetError
from tickframe.export.coverage import Coverage
from tickframe.export.identity import IDENTITY_FILE, Identity
from tickframe.export.names import directory_value
from tickframe.export.records import FOLDER, MANIFEST, Records, read_document
from tickframe.export.running import requests_of_others
from tickframe.location import Location
from tickframe.timestamps import TIMESTAMP, TimeOptions, TimeZones
from tickframe.wire.batch import ARROW_TYPES

SYMBOL = "symbol"

_ASKED_SYMBOLS = re.compile(r" (symbols?)=(.*?)(?= \w+=|$)")
_ASKED_DAYS = re.compile(r" (?:day|first_day|last_day)=(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of an export.

    Attributes
    ----------
    name : str
        Its name, relative to the dataset.
    size : int or None
        Its length in bytes; None if it is not recorded, as in version 0.1.0.
    sha256 : str or None
        The SHA-256 of its bytes, in hexadecimal; None likewise.
    values : Mapping[str, object]
        The values of the partition columns.
    """

    name: str
    size: int | None
    sha256: str | None
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CompleteExport:
    """An export that is complete.

    Attributes
    ----------
    location : Location
        Its directory.
    files : tuple of StoredFile
        Its files, in the order of the parts.
    coverages : tuple of Coverage
        The symbols and days of each part.
    schema : pyarrow.Schema
        The columns of the rows, then the partition columns that are not among them.
    columns : tuple of str
        The columns of the rows.
    documented : (str, str) or None
        The date column and the time column that together are the timestamp; None if rows have no timestamp.
    tz : str, mapping or None
        The time zone of the column ``timestamp``, as given to the export.
    """

    location: Location
    files: tuple[StoredFile, ...]
    coverages: tuple[Coverage, ...]
    schema: pa.Schema
    columns: tuple[str, ...]
    documented: tuple[str, str] | None
    tz: TimeZones | None

    @classmethod
    def open(cls, location: Location) -> Self:
        """Return the export at a location.

        Raises
        ------
        DatasetError
            If there is none, or it is not complete.
        OSError
            If the location cannot be read.
        """
        manifest = read_document(location, MANIFEST)
        try:
            if manifest is None:
                raise _incomplete(location)
            if read_document(location, IDENTITY_FILE) is None:
                return cls._of_first_version(location, manifest["parts"])
            return cls._of_this_version(location)
        except (LookupError, TypeError, ValueError, AttributeError, pa.ArrowException) as error:
            raise DatasetError(f"the manifest of {location} cannot be read: run the export again") from error

    @classmethod
    def _of_this_version(cls, location: Location) -> Self:
        identity, records = Identity.read(location), Records(location).read_manifest()
        if identity is None or identity.schema is None or records is None:
            raise ValueError("the identity or the records are invalid")
        schema = identity.schema
        for name in identity.partition_by:
            if name not in schema.names:
                # The date, which the timestamp replaces.
                schema = schema.append(pa.field(name, pa.date32()))
        types = {field.name: field.type for field in schema}
        files = [file for record in records.values() for file in record.files]
        return cls(
            location,
            tuple(StoredFile(file.name, file.size, file.sha256, _values(file.name, types)) for file in files),
            tuple(record.coverage for record in records.values()),
            schema,
            tuple(identity.schema.names),
            (identity.timestamp[0], identity.timestamp[1])
            if identity.timestamp
            else _timestamp_columns(identity.function, schema),
            identity.tz,
        )

    @classmethod
    def _of_first_version(cls, location: Location, parts: Mapping[str, Any]) -> Self:
        """Return an export of version 0.1.0, whose types are those of its files and of the catalogue."""
        requests = [part["request"] for part in parts.values()]
        name = requests[0].split(" ")[0] if requests else ""
        function = FUNCTIONS.get(name)
        documented = {} if function is None else {column.name: ARROW_TYPES[column.kind] for column in function.columns}
        names = [name for part in parts.values() for name in part["files"]]
        types: dict[str, pa.DataType] = {}
        if names:
            types = {name: documented.get(name, pa.string()) for name in _values(names[0], {})}
            with location.open(names[0]) as data:
                types |= {field.name: field.type for field in pq.read_schema(data)}
        order = [name for name in documented if name in types] + [name for name in types if name not in documented]
        schema = pa.schema([(name, types[name]) for name in order])
        return cls(
            location,
            tuple(StoredFile(name, None, None, _values(name, types)) for name in names),
            tuple(map(_coverage, requests)),
            schema,
            tuple(order),
            _timestamp_columns(name, schema),
            None,
        )

    @property
    def has_timestamp(self) -> bool:
        """Whether the rows have the column ``timestamp``, not the two documented ones."""
        return self.documented is not None and TIMESTAMP in self.schema.names

    @property
    def date_column(self) -> str:
        """The name of the column of dates."""
        return self.documented[0] if self.documented else "date"

    @property
    def frame_columns(self) -> list[str]:
        """The columns of the frame, without its index."""
        index = {TIMESTAMP} if self.has_timestamp else set(self.documented or ())
        return [name for name in self.columns if name not in index]

    def is_in_files(self, column: str) -> bool:
        """Return whether some files have rows of several values of a column, which are not in their names."""
        return any(column not in file.values for file in self.files)

    def damaged(self, file: StoredFile, what: str) -> DatasetError:
        """Return the error for a file that is not as it was written."""
        # Elsewhere an export run again compares sizes alone.
        overwrite = "" if self.location.is_local else " with existing='overwrite'"
        return DatasetError(
            f"{file.name} in {self.location} {what}: run the export again{overwrite}, which replaces it"
        )


def _incomplete(location: Location) -> DatasetError:
    if requests := requests_of_others(location):
        more = f" and {len(requests) - 1:,} more" if len(requests) > 1 else ""
        return DatasetError(
            f"an export to {location} is running, or was killed: {requests[0]}{more}. Run it again, which loads only "
            f"what is missing, or delete {location}/{FOLDER}/running to do without, and run another export"
        )
    if any(location.files(FOLDER)):
        return DatasetError(
            f"the export to {location} was interrupted, lacks parts that failed, or is still running: run it again, "
            "which loads only what is missing"
        )
    return DatasetError(f"there is no export in {location}: pass the directory that was given to to_parquet()")


def _timestamp_columns(function: str, schema: pa.Schema) -> tuple[str, str] | None:
    """Return the date and the time column of rows that have both, as :meth:`Query.to_pandas` finds them."""
    timestamp = TimeOptions.of(timestamp_columns(function)).for_schema(schema, is_documented=False).timestamp
    return None if timestamp is None else (timestamp.date, timestamp.time)


def _values(name: str, types: Mapping[str, pa.DataType]) -> dict[str, object]:
    """Return the values of the partition columns from the name of a file."""
    pairs = (directory.split("=", 1) for directory in name.split("/")[:-1])
    return {column: directory_value(value, types.get(column, pa.string())) for column, value in pairs}


def _coverage(request: str) -> Coverage:
    """Return the symbols and days of a request as text."""
    symbols = _ASKED_SYMBOLS.search(request)
    days = [dt.date.fromisoformat(day) for day in _ASKED_DAYS.findall(request)]
    return Coverage(
        None if symbols is None else (symbols[2],) if symbols[1] == SYMBOL else tuple(symbols[2].split(",")),
        (min(days), max(days)) if days else None,
    )
