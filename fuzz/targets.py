"""What the fuzzer calls: functions of bytes that raise if the package does anything but read or refuse them."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fuzz.random_responses import LABELS, NAMES
from tests.wire.comparison import difference, official_outcome, outcome
from tickframe.cache.checksum import InvalidEntryError, add_checksums
from tickframe.cache.entry import Entry
from tickframe.cache.key import Key, Window
from tickframe.catalogue import Column, ColumnKind
from tickframe.errors import DatasetError, SettingsError
from tickframe.export.complete import CompleteExport
from tickframe.export.identity import Identity
from tickframe.export.records import Record, Records
from tickframe.export.running import requests_of_others
from tickframe.location import Location
from tickframe.settings import FILE_SETTINGS
from tickframe.settings_file import read_settings_file, to_toml
from tickframe.wire.kernel import kernel

__all__ = ["TARGETS", "kernel", "remove_files"]

COLUMNS = tuple(Column(name, ColumnKind.LABEL) for name in NAMES if name in LABELS)
KEY = Key("source=ACTIV", Window(), "0" * 32)
#: The name of a part, as in the corpus.
PART = "tick_data-0123456789abcdef"

_TABLE = pa.table({"symbol": pa.array(["ZAL.XE"] * 3).dictionary_encode(), "size": [1, 2, 3]})
# In memory where that exists: some targets read files.
_FOLDER = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108
_ASKED = Identity("s", "tick_data", {}, [None, None], [], ["symbol"], "timestamp", None, None, "parts")


class Difference(Exception):  # noqa: N818, it is a result
    """The package does something else with an input than it promises."""


def frames(content: bytes) -> None:
    """Decode framed responses: both engines return the same rows, or refuse them."""
    if found := difference(outcome(content, COLUMNS), official_outcome(content, COLUMNS)):
        raise Difference(found)


def entries(content: bytes) -> None:
    """Read an entry of the cache: it is valid, or counts as missing."""
    try:
        entry = Entry(pa.BufferReader(content), KEY)
        rows = entry.read().rows
    except InvalidEntryError:
        return
    if rows != entry.provenance.rows:
        raise Difference(f"{rows} rows are not {entry.provenance.rows}")


def provenance(content: bytes) -> None:
    """Read an entry of the cache whose checksums are right, but not what it says about itself."""
    sink = pa.BufferOutputStream()
    pq.write_table(_TABLE.replace_schema_metadata({b"tickframe": content}), sink)
    entries(bytes(add_checksums(sink.getvalue())))


def records(content: bytes) -> None:
    """Read the files of a dataset: what they name is in the dataset, or they count as missing or damaged."""
    location = Location(_FOLDER / "dataset")
    for name in ("dataset.json", "manifest.json", f"parts/{PART}.json", f"unfinished/{PART}.json", "running/x.json"):
        location.write(f"_tickframe/{name}", content)
    known = Records(location)
    found = {record for record in (known.read(PART), known.read_unfinished(PART)) if record is not None}
    found.update(known.read_all({}).values(), (known.read_manifest() or {}).values())
    for record in found:
        if Record.from_document(record.name, record.to_document()) != record:
            raise Difference(f"{record} is written as {record.to_document()}")
        for file in record.files:
            if not (_FOLDER / "dataset" / file.name).resolve().is_relative_to(_FOLDER / "dataset"):
                raise Difference(f"{file.name!r} is outside of the dataset")
        if known.is_complete(record) and record.files:
            raise Difference(f"{record} is complete without files")
    requests_of_others(location)
    try:
        there = Identity.read(location)
        if there is not None:
            there.differences(_ASKED)
        CompleteExport.open(location)
    except DatasetError:
        return


def settings(content: bytes) -> None:
    """Read a settings file: each value has its type, or there is an error that names the file."""
    path = _FOLDER / "settings.toml"
    path.write_bytes(content)
    try:
        read = read_settings_file(FILE_SETTINGS, path)
    except SettingsError as error:
        if str(path) not in str(error):
            raise Difference(f"{error} does not name the file") from error
        return
    # NaN does not equal itself.
    if repr(tomllib.loads(to_toml(read))) != repr(read):
        raise Difference(f"{read} is written as {to_toml(read)}")


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (frames, entries, provenance, records, settings)
}


def remove_files() -> None:
    """Delete the files that targets have written."""
    shutil.rmtree(_FOLDER, ignore_errors=True)
