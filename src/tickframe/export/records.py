"""Records: what a dataset knows about each part that it holds, and the files that prove it.

``_tickframe/parts/<part>.json`` is deleted before a file of its part changes, and written after the last one. Of a
part of several symbols or days ``_tickframe/unfinished/<part>.json`` names the files until then.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tickframe.export.coverage import Coverage
from tickframe.location import Location, is_unfinished
from tickframe.plan.part import Part
from tickframe.threads import map_in_threads

FOLDER = "_tickframe"
_PARTS = f"{FOLDER}/parts"
_UNFINISHED = f"{FOLDER}/unfinished"
MANIFEST = f"{FOLDER}/manifest.json"
# Records that are read at once: in an object store each of them is a request.
_CONCURRENT_READS = 16
_READS_OF_A_DOCUMENT = 3
_NAME = re.compile(r"[A-Za-z0-9_.~%-]+-[0-9a-f]{16}")
_DIRECTORY = re.compile(r"[^/\\=\x00]+=[^/\\\x00]+")


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file of a part.

    Attributes
    ----------
    name : str
        Its name, relative to the dataset.
    rows, size : int
        Number of rows, and length in bytes.
    sha256 : str
        The SHA-256 of its bytes, in hexadecimal.
    """

    name: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Record:
    """What is known about a part that is complete.

    Attributes
    ----------
    name : str
        The name of the part, see :func:`part_name`.
    request : str
        The request as text.
    rows : int
        Number of rows.
    is_final : bool
        Whether the response could no longer change when it was requested.
    coverage : Coverage
        Its symbols and days.
    files : tuple of FileRecord
        Its files; empty if the response was empty.
    """

    name: str
    request: str
    rows: int
    is_final: bool
    coverage: Coverage
    files: tuple[FileRecord, ...]

    @classmethod
    def from_document(cls, name: str, document: Mapping[str, Any]) -> Record:
        """Return the record that :meth:`to_document` describes.

        Raises
        ------
        ValueError, KeyError, TypeError, AttributeError
            If it is not a record, or names a file that is not of this part.
        """
        files = tuple(FileRecord(*(file[field] for field in FileRecord.__slots__)) for file in document["files"])
        numbers = [document["rows"], *(number for file in files for number in (file.rows, file.size))]
        if not _NAME.fullmatch(name) or not all(isinstance(number, int) and number >= 0 for number in numbers):
            raise ValueError(f"not a record: {name!r}")
        for file in files:
            *directories, base = file.name.split("/")
            if base != f"{name}.parquet" or not all(map(_DIRECTORY.fullmatch, directories)):
                raise ValueError(f"{file.name!r} is not a file of {name!r}")
        symbols, days = document["symbols"], document["days"]
        coverage = Coverage(
            None if symbols is None else tuple(map(str, symbols)),
            None if days is None else (dt.date.fromisoformat(days[0]), dt.date.fromisoformat(days[1])),
        )
        return cls(name, str(document["request"]), document["rows"], bool(document["final"]), coverage, files)

    def to_document(self) -> dict[str, object]:
        """Return what is written under the name."""
        symbols, days = self.coverage.symbols, self.coverage.days
        return {
            "request": self.request,
            "rows": self.rows,
            "final": self.is_final,
            "symbols": None if symbols is None else list(symbols),
            "days": None if days is None else [day.isoformat() for day in days],
            "files": [{field: getattr(file, field) for field in FileRecord.__slots__} for file in self.files],
        }


class Records:
    """The records of a dataset.

    Parameters
    ----------
    location
        The dataset.
    """

    def __init__(self, location: Location) -> None:
        self._location = location

    def read(self, name: str) -> Record | None:
        """Return the record of a part; None if there is none, or it is not valid.

        Raises
        ------
        OSError
            If it cannot be read.
        """
        return self._read(_PARTS, name)

    def read_many(self, names: Iterable[str]) -> dict[str, Record]:
        """Return the records of those parts that have one, by name; raises the errors of :meth:`read`."""
        return self._read_many(_PARTS, names)

    def read_all(self, known: Mapping[str, Record]) -> dict[str, Record]:
        """Return all records by name, without reading those that are known; raises the errors of :meth:`read`."""
        names = self._names(_PARTS)
        there = {name: record for name, record in known.items() if name in names}
        return there | self._read_many(_PARTS, sorted(names - there.keys()))

    def read_unfinished(self, name: str) -> Record | None:
        """Return what is known about a part whose writing was interrupted; raises the errors of :meth:`read`."""
        return self._read(_UNFINISHED, name)

    def read_all_unfinished(self) -> dict[str, Record]:
        """Return what :meth:`read_unfinished` returns for all of them, by name."""
        return self._read_many(_UNFINISHED, sorted(self._names(_UNFINISHED)))

    def _names(self, folder: str) -> set[str]:
        return {
            name.rpartition("/")[2].removesuffix(".json")
            for name, _ in self._location.files(folder, recursive=False)
            if name.endswith(".json") and not is_unfinished(name)
        }

    def _read_many(self, folder: str, names: Iterable[str]) -> dict[str, Record]:
        records = map_in_threads(partial(self._read, folder), names, _CONCURRENT_READS, "tickframe-read")
        return {record.name: record for record in records if record is not None}

    def _read(self, folder: str, name: str) -> Record | None:
        document = read_document(self._location, f"{folder}/{name}.json")
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            return None if document is None else Record.from_document(name, document)
        return None

    def write(self, record: Record) -> None:
        """Write the record of a part whose files are complete.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        self._location.write(f"{_PARTS}/{record.name}.json", json.dumps(record.to_document()).encode())

    def delete(self, name: str) -> None:
        """Delete the record of a part, before its files change."""
        self._location.delete(f"{_PARTS}/{name}.json")

    def write_unfinished(self, record: Record) -> None:
        """Write which files a part may have, before the first of them; raises the errors of :meth:`write`."""
        self._location.write(f"{_UNFINISHED}/{record.name}.json", json.dumps(record.to_document()).encode())

    def delete_unfinished(self, name: str) -> None:
        """Delete what :meth:`write_unfinished` wrote, after the record or the files."""
        self._location.delete(f"{_UNFINISHED}/{name}.json")

    def is_complete(self, record: Record) -> bool:
        """Return whether the files of a record are those that were written.

        Sizes are compared, and on a local disk checksums too: elsewhere that would load the whole dataset.

        Raises
        ------
        OSError
            If the location cannot be read.
        """
        infos = self._location.filesystem.get_file_info([self._location.path(file.name) for file in record.files])
        if any(not info.is_file or info.size != file.size for info, file in zip(infos, record.files, strict=True)):
            return False
        return not self._location.is_local or all(
            sha256(self._location.read(file.name)) == file.sha256 for file in record.files
        )

    def complete(self, records: Iterable[Record]) -> dict[str, Record]:
        """Return the complete ones of some records by name; raises the errors of :meth:`is_complete`."""
        given = list(records)
        complete = map_in_threads(self.is_complete, given, _CONCURRENT_READS, "tickframe-read")
        return {record.name: record for record, is_complete in zip(given, complete, strict=True) if is_complete}

    def read_manifest(self) -> dict[str, Record] | None:
        """Return the records in the manifest by name; None if a run was interrupted, or there was none.

        Raises
        ------
        OSError
            If it cannot be read.
        """
        return read_parts(read_document(self._location, MANIFEST))

    def delete_manifest(self) -> None:
        """Delete the manifest, before anything changes."""
        if self._location.exist([MANIFEST]):
            self._location.delete(MANIFEST)
            self._location.flush_directories([MANIFEST])

    def write_manifest(self, records: Mapping[str, Record]) -> None:
        """Write the manifest, after everything else.

        Parameters
        ----------
        records
            All records by name, in the order in which a reader has the rows of the parts.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        manifest = {
            "rows": sum(record.rows for record in records.values()),
            "parts": {name: record.to_document() for name, record in records.items()},
        }
        self._location.write(MANIFEST, json.dumps(manifest).encode(), durable=True)
        self._location.flush_directories([MANIFEST])


def part_name(part: Part, function: str) -> str:
    """Return the name of a part's files and record.

    Parameters
    ----------
    part
        The part; of a paged one the first page.
    function
        The name of its function as a file name.
    """
    return f"{function}-{hashlib.sha256(part.key()).hexdigest()[:16]}"


def sha256(content: Any) -> str:
    """Return the SHA-256 of bytes or of a buffer, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_parts(document: Any) -> dict[str, Record] | None:
    """Return the records in a document with several of them, by name; None if it is not one."""
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        if document is not None:
            return {name: Record.from_document(name, each) for name, each in document["parts"].items()}
    return None


def read_document(location: Location, name: str) -> Any:
    """Return the content of a JSON file; None if it does not exist or is not JSON.

    In an object store, a file that another process replaces meanwhile is read with the length that it had before.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    for _ in range(_READS_OF_A_DOCUMENT):
        try:
            return json.loads(location.read(name).to_pybytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, RecursionError):
            # Deeply nested JSON is a RecursionError.
            continue
    return None
