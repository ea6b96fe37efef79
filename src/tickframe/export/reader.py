"""Read what an export wrote: the frame that the query returned, or a dataset for other tools.

The types of the partition columns come from the export's own description, never from the names of its
directories. Every file that becomes a frame is compared with its recorded checksum.
"""

from __future__ import annotations

import base64
import datetime as dt
import difflib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from tickframe.arrow_to_pandas import to_dataframe
from tickframe.catalogue import FUNCTIONS
from tickframe.errors import DatasetError
from tickframe.export.names import NULL_DIRECTORY
from tickframe.location import Location
from tickframe.plan.arguments import Day, parse_day, parse_strings
from tickframe.timestamps import TIMESTAMP, TimestampColumn, TimeZones, sort_by_time, suffix_of
from tickframe.wire.batch import ARROW_TYPES

_DESCRIPTION = "_tickframe/dataset.json"
_MANIFEST = "_tickframe/manifest.json"
_SYMBOL = "symbol"

_ASKED_DAYS = re.compile(r" (?:day|first_day)=(\d{4}-\d\d-\d\d)(?: .*?last_day=(\d{4}-\d\d-\d\d))?")
# Files that are read at once; their rows are kept in any case.
_CONCURRENT_READS = 8


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the dataset; size and checksum are None in an export of version 0.1.0."""

    name: str
    size: int | None
    sha256: str | None
    #: The values of the partition columns.
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Part:
    request: str
    rows: int
    files: tuple[_File, ...]


@dataclass(frozen=True, slots=True)
class _Export:
    """An export that is complete.

    Attributes
    ----------
    location : Location
        Its directory.
    parts : tuple of _Part
        The responses, in their order.
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
    parts: tuple[_Part, ...]
    schema: pa.Schema
    columns: tuple[str, ...]
    documented: tuple[str, str] | None
    tz: TimeZones | None

    @property
    def has_timestamp(self) -> bool:
        """Whether the rows have the column ``timestamp``, not the two documented ones."""
        return self.documented is not None and TIMESTAMP in self.schema.names

    @property
    def frame_columns(self) -> list[str]:
        """The columns of the frame, without its index."""
        index = {TIMESTAMP} if self.has_timestamp else set(self.documented or ())
        return [name for name in self.columns if name not in index]

    @property
    def files(self) -> list[_File]:
        """All files, in the order of the parts."""
        return [file for part in self.parts for file in part.files]

    def damaged(self, file: _File, what: str) -> DatasetError:
        """Return the error for a file that is not as it was written."""
        return DatasetError(
            f"{file.name} in {self.location} {what}: run the export again, which loads it again, or restore the file"
        )


def read_dataset(
    place: str | os.PathLike[str],
    *,
    symbols: str | Iterable[str] | None = None,
    days: Day | Iterable[Day] | None = None,
    columns: str | Sequence[str] | None = None,
    tz: TimeZones | None = None,
) -> pd.DataFrame:
    """Read what :meth:`tickframe.Query.to_parquet` wrote, as :meth:`tickframe.Query.to_pandas` returned it.

    The index, dtypes, categories, and the order of columns and rows are those of ``to_pandas()``. Each file that is
    read is compared with its recorded size and checksum.

    Parameters
    ----------
    place
        The directory of the dataset, or a URI such as ``s3://bucket/ticks``.
    symbols
        One symbol or several; by default all.
    days
        One day, a tuple of the first and the last day (both included), or a list of days; by default all. A day is the
        date of a row, as sent; where the files have only the timestamp, that of its time on the exchange's clock.
    columns
        The columns of the frame, in this order; by default all.
    tz
        The time zone of the times, as in ``to_pandas``, for an export without one.

    Returns
    -------
    pandas.DataFrame
        Rows in order of time where there is a timestamp, otherwise in the order of the files.

    Raises
    ------
    DatasetError
        If there is no export in this place, it was interrupted, or a file is missing or damaged.
    ValueError
        If a symbol, a day or a column is not there, or another argument is wrong.
    OSError
        If the place cannot be read.
    """
    export = _open(Location(place))
    wanted_symbols = _check_symbols(export, symbols)
    wanted_days = _check_days(export, days)
    wanted_columns = _check_columns(export, columns)
    timestamp = _timestamp_column(export, tz)

    def is_wanted(file: _File) -> bool:
        symbol, day = file.values.get(_SYMBOL), file.values.get(_date_column(export))
        return (wanted_symbols is None or symbol is None or symbol in wanted_symbols) and (
            wanted_days is None or day is None or day in wanted_days
        )

    needed = _needed(export, wanted_columns, wanted_symbols, wanted_days, tz)
    table = _read(export, [file for file in export.files if is_wanted(file)], needed)
    if wanted_symbols is not None:
        table = _of_symbols(export, table, wanted_symbols)
    if wanted_days is not None:
        table = table.filter(pc.is_in(_days(export, table), pa.array(sorted(wanted_days), pa.date32())))
    if timestamp is not None:
        table = _with_timestamp(table, timestamp, is_stored=export.has_timestamp)
    if export.documented is None:
        return to_dataframe(table.select(wanted_columns), consume=True)
    table = sort_by_time(table.select([TIMESTAMP, *wanted_columns]))
    return to_dataframe(table, index=TIMESTAMP, consume=True)


def scan_dataset(place: str | os.PathLike[str]) -> ds.Dataset:
    """Open what :meth:`tickframe.Query.to_parquet` wrote as a dataset for pyarrow, Polars and DuckDB.

    Symbols and dates have the types that they had in the response, so ``"0700"`` stays itself. A filter of partition
    columns opens the files of those alone, in ``pl.scan_pyarrow_dataset`` and in DuckDB too.

    Parameters
    ----------
    place
        The directory of the dataset, or a URI such as ``s3://bucket/ticks``.

    Returns
    -------
    pyarrow.dataset.Dataset
        The files in the order of the parts. Columns are those of :meth:`tickframe.Query.to_arrow`, then the partition
        columns that are not among them.

    Raises
    ------
    DatasetError
        If there is no export in this place, it was interrupted, or a file is missing or not of its recorded size. Its
        checksum is not compared.
    OSError
        If the place cannot be read.
    """
    export = _open(Location(place))
    location = export.location
    parquet = ds.ParquetFileFormat(
        default_fragment_scan_options=ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    )
    files = export.files
    _check_sizes(export, files)
    fragments = [
        parquet.make_fragment(
            location.path(file.name), location.filesystem, partition_expression=_guarantee(export, file)
        )
        for file in files
    ]
    return ds.FileSystemDataset(fragments, export.schema, parquet, location.filesystem)


def _guarantee(export: _Export, file: _File) -> pc.Expression:
    """Return what is true of all rows of a file, so that a filter that contradicts it does not open the file."""
    expression = pc.scalar(True)
    for column, value in file.values.items():
        kind = export.schema.field(column).type
        if value is None:
            expression &= pc.field(column).is_null()
        elif pa.types.is_dictionary(kind):
            expression &= pc.field(column) == pa.scalar(value, kind.value_type)
        else:
            expression &= pc.field(column) == pa.scalar(value, kind)
    return expression


def _check_sizes(export: _Export, files: Sequence[_File]) -> None:
    location = export.location
    infos = location.filesystem.get_file_info([location.path(file.name) for file in files]) if files else []
    for file, info in zip(files, infos, strict=True):
        if not info.is_file:
            raise export.damaged(file, "is missing")
        if file.size is not None and info.size != file.size:
            raise export.damaged(file, f"has {info.size:,} bytes instead of {file.size:,}")


# What there is


def _open(location: Location) -> _Export:
    """Read the description of an export that is complete.

    Raises
    ------
    DatasetError
        If there is none.
    """
    manifest = _read_json(location, _MANIFEST)
    description = _read_json(location, _DESCRIPTION)
    if manifest is None:
        if description is not None or any(location.files("_tickframe")):
            raise DatasetError(
                f"the export to {location} was interrupted, or is still running: run it again, which loads only what "
                "is missing"
            )
        raise DatasetError(f"there is no export in {location}: pass the directory that was given to to_parquet()")
    try:
        return _described(location, manifest, description) if description else _undescribed(location, manifest)
    except (KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise DatasetError(
            f"the description of the export in {location} is damaged: export to an empty directory"
        ) from error


def _read_json(location: Location, name: str) -> dict[str, Any] | None:
    """Return the contents of a file; None if there is none."""
    try:
        content = location.read(name).to_pybytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        document = json.loads(content)
    except ValueError as error:
        raise DatasetError(f"{name} in {location} is damaged: export to an empty directory") from error
    assert isinstance(document, dict)
    return document


def _described(location: Location, manifest: Mapping[str, Any], description: Mapping[str, Any]) -> _Export:
    schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(description["schema"])))
    columns = tuple(schema.names)
    documented = tuple(description["timestamp"]) if description["timestamp"] else None
    for column in description["partition_by"]:
        if column not in schema.names:
            # The date, for which the timestamp stands.
            schema = schema.append(pa.field(column, pa.date32()))
    types = {field.name: field.type for field in schema}
    return _Export(location, _parts(manifest, types), schema, columns, documented, description["tz"])


def _undescribed(location: Location, manifest: Mapping[str, Any]) -> _Export:
    """Return an export of version 0.1.0: its types are those of its files and of the catalogue."""
    requests = [document["request"] for document in manifest["parts"].values()]
    function = FUNCTIONS.get(requests[0].split(" ")[0]) if requests else None
    documented = {} if function is None else {column.name: ARROW_TYPES[column.kind] for column in function.columns}
    parts = _parts(manifest, documented)
    files = [file for part in parts for file in part.files]
    types: dict[str, pa.DataType] = {}
    if files:
        types = {column: documented.get(column, pa.string()) for column in files[0].values}
        with location.open(files[0].name) as data:
            types |= {field.name: field.type for field in pq.read_schema(data)}
    ordered = [name for name in documented if name in types] + [name for name in types if name not in documented]
    timestamp = None if function is None or not types else function.timestamp
    return _Export(
        location, parts, pa.schema([(name, types[name]) for name in ordered]), tuple(ordered), timestamp, None
    )


def _parts(manifest: Mapping[str, Any], types: Mapping[str, pa.DataType]) -> tuple[_Part, ...]:
    return tuple(
        _Part(document["request"], document["rows"], tuple(_file(file, types) for file in document["files"]))
        for document in manifest["parts"].values()
    )


def _file(document: str | Mapping[str, Any], types: Mapping[str, pa.DataType]) -> _File:
    if isinstance(document, str):
        document = {"name": document}
    name = document["name"]
    pairs = (directory.split("=", 1) for directory in name.split("/")[:-1])
    values = {column: _value(written, types.get(column, pa.string())) for column, written in pairs}
    return _File(name, document.get("size"), document.get("sha256"), values)


def _value(directory: str, kind: pa.DataType) -> object:
    """Return the value that a directory is named after."""
    if directory == NULL_DIRECTORY:
        return None
    text = unquote(directory, errors="strict")
    if pa.types.is_date(kind):
        return dt.date.fromisoformat(text)
    if pa.types.is_integer(kind):
        return int(text)
    if pa.types.is_boolean(kind):
        return text == "True"
    return text


# What is asked for


def _check_symbols(export: _Export, symbols: str | Iterable[str] | None) -> frozenset[str] | None:
    """Return the symbols; those in the files are checked when they are read."""
    if symbols is None:
        return None
    if _SYMBOL not in export.schema.names:
        raise ValueError(f"the rows in {export.location} have no column 'symbol': omit symbols")
    wanted = parse_strings(symbols, "symbols")
    known = {file.values[_SYMBOL] for file in export.files if _SYMBOL in file.values}
    if known or not export.files:
        for symbol in wanted:
            if symbol not in known and not _was_asked(export, symbol):
                raise _unknown("symbol", symbol, export, [str(each) for each in known])
    return frozenset(wanted)


def _was_asked(export: _Export, symbol: str) -> bool:
    """Return whether a request names a symbol, which may have no rows."""
    asked = re.compile(rf" symbols?=(?:.*,)?{re.escape(symbol)}(?:,.*)?(?: \w+=|$)")
    return any(asked.search(part.request) for part in export.parts)


def _unknown(what: str, name: str, export: _Export, names: Iterable[str]) -> ValueError:
    known = sorted(names)
    near = difflib.get_close_matches(name, known, n=1)
    shown = ", ".join(known[:20]) + (f" and {len(known) - 20:,} more" if len(known) > 20 else "")
    guess = f"; did you mean {near[0]!r}?" if near else ""
    return ValueError(f"no {what} {name!r} in {export.location}: it has {shown or 'none'}{guess}")


def _check_days(export: _Export, days: Day | Iterable[Day] | None) -> frozenset[dt.date] | None:
    """Return the days, of a range those that were exported."""
    if days is None:
        return None
    if export.documented is None and _date_column(export) not in export.schema.names:
        raise ValueError(f"the rows in {export.location} have no date: omit days")
    known = _exported_days(export)
    if isinstance(days, tuple):
        if len(days) != 2:
            raise ValueError(f"invalid days {days!r}: expected one day, (first, last) or a list of days")
        first, last = (parse_day(day, "days") for day in days)
        if first > last:
            raise ValueError(f"reversed range: {first} is after {last}")
        wanted = {first + dt.timedelta(number) for number in range((last - first).days + 1)}
        if known and wanted.isdisjoint(known):
            raise ValueError(f"no day from {first} to {last} in {export.location}: it has {_shown_days(known)}")
        return frozenset(wanted)
    single = isinstance(days, str) or not isinstance(days, Iterable)
    listed = [parse_day(day, "days") for day in ([days] if single else days)]  # type: ignore[list-item,union-attr]
    for day in listed:
        if known and day not in known:
            raise ValueError(f"no day {day} in {export.location}: it has {_shown_days(known)}")
    return frozenset(listed)


def _exported_days(export: _Export) -> set[dt.date]:
    """Return the days that requests name or files are of; empty if neither names days."""
    name = _date_column(export)
    found = {day for file in export.files if isinstance(day := file.values.get(name), dt.date)}
    for request in {part.request for part in export.parts}:
        if asked := _ASKED_DAYS.search(request):
            first = dt.date.fromisoformat(asked[1])
            last = dt.date.fromisoformat(asked[2] or asked[1])
            found |= {first + dt.timedelta(number) for number in range((last - first).days + 1)}
    return found


def _shown_days(days: set[dt.date]) -> str:
    return f"{min(days)} to {max(days)}" if len(days) > 1 else str(min(days))


def _check_columns(export: _Export, columns: str | Sequence[str] | None) -> list[str]:
    known = export.frame_columns
    if columns is None:
        return known
    wanted = [columns] if isinstance(columns, str) else list(columns)
    for at, name in enumerate(wanted):
        if name not in known:
            raise _unknown("column", name, export, known)
        if name in wanted[:at]:
            raise ValueError(f"column {name!r} is repeated: name it once")
    return wanted


def _timestamp_column(export: _Export, tz: TimeZones | None) -> TimestampColumn | None:
    """Return how to compute the timestamp; None if it is stored as it is to be, or there is none."""
    if export.documented is None:
        if tz is not None:
            raise ValueError(f"tz needs a date and a time of day, which the rows in {export.location} do not have")
        return None
    if export.tz is not None:
        if tz is not None and tz != export.tz:
            raise ValueError(
                f"the timestamps in {export.location} have a time zone already, from tz={export.tz!r}: omit tz, and "
                "use tz_convert() of the index for another one"
            )
        return None
    return None if export.has_timestamp and tz is None else TimestampColumn.of(export.documented, tz)


def _date_column(export: _Export) -> str:
    return export.documented[0] if export.documented else "date"


def _needed(
    export: _Export,
    columns: Sequence[str],
    symbols: frozenset[str] | None,
    days: frozenset[dt.date] | None,
    tz: TimeZones | None,
) -> list[str]:
    """Return the columns to read, in the order of the schema."""
    needed = set(columns)
    if export.documented is not None:
        needed |= {TIMESTAMP} if export.has_timestamp else set(export.documented)
    if symbols is not None or isinstance(tz, Mapping) or isinstance(export.tz, Mapping):
        needed.add(_SYMBOL)
    if days is not None:
        needed.add(_date_column(export))
    return [name for name in export.schema.names if name in needed]


# Rows


def _read(export: _Export, files: Sequence[_File], columns: Sequence[str]) -> pa.Table:
    """Return the rows of files, in their order, a chunk or more for each."""
    schema = pa.schema([export.schema.field(name) for name in columns])

    def read(file: _File) -> pa.Table:
        return _complete(file, _verified(export, file, columns), schema)

    with ThreadPoolExecutor(_CONCURRENT_READS) as pool:
        tables = list(pool.map(read, files))
    return pa.concat_tables([schema.empty_table(), *tables])


def _verified(export: _Export, file: _File, columns: Sequence[str]) -> pa.Table:
    """Return the rows of a file that is as it was written."""
    try:
        content = export.location.read(file.name)
    except FileNotFoundError as error:
        raise export.damaged(file, "is missing") from error
    if file.size is not None and content.size != file.size:
        raise export.damaged(file, f"has {content.size:,} bytes instead of {file.size:,}")
    # It takes 2 to 4 percent of the time to decode the file.
    if file.sha256 is not None and hashlib.sha256(content).hexdigest() != file.sha256:
        raise export.damaged(file, "differs from its recorded checksum")
    try:
        parquet = pq.ParquetFile(pa.BufferReader(content))
        stored = set(parquet.schema_arrow.names)
        return parquet.read([name for name in columns if name in stored], use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise export.damaged(file, "is not a readable Parquet file") from error


def _complete(file: _File, table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table with the columns of a schema, of which those of the directories are constant."""
    arrays = []
    for field in schema:
        if field.name in table.column_names:
            column = table.column(field.name)
            arrays.append(column if column.type == field.type else column.cast(field.type))
        else:
            arrays.append(_constant(file.values.get(field.name), field.type, table.num_rows))
    return pa.Table.from_arrays(arrays, schema=schema)


def _constant(value: object, kind: pa.DataType, rows: int) -> pa.Array:
    if value is None:
        return pa.nulls(rows, kind)
    if pa.types.is_dictionary(kind):
        indices = pa.repeat(pa.scalar(0, kind.index_type), rows)
        return pa.DictionaryArray.from_arrays(indices, pa.array([value], kind.value_type))
    return pa.repeat(pa.scalar(value, kind), rows)


def _of_symbols(export: _Export, table: pa.Table, symbols: frozenset[str]) -> pa.Table:
    column = table.column(_SYMBOL)
    known = {symbol for symbol in _distinct(column) if symbol is not None}
    for symbol in sorted(symbols - known):
        if not _was_asked(export, symbol):
            raise _unknown("symbol", symbol, export, known)
    return table if known <= symbols and not column.null_count else _filtered(table, _SYMBOL, symbols)


def _distinct(column: pa.ChunkedArray) -> Iterator[str | None]:
    for chunk in column.chunks:
        values = chunk.dictionary if isinstance(chunk, pa.DictionaryArray) else chunk
        yield from values.unique().to_pylist()


def _filtered(table: pa.Table, column: str, values: Iterable[str]) -> pa.Table:
    return table.filter(pc.is_in(table.column(column).cast(pa.string()), pa.array(sorted(values), pa.string())))


def _days(export: _Export, table: pa.Table) -> pa.ChunkedArray:
    """Return the date of each row."""
    name = _date_column(export)
    if name in table.column_names:
        return table.column(name)
    timestamps = table.column(TIMESTAMP)
    if not isinstance(export.tz, Mapping):
        return _on_the_clock(timestamps).cast(pa.date32())
    # Stored in UTC: the clock is that of each symbol's exchange.
    zones = {suffix.removeprefix("."): zone for suffix, zone in export.tz.items()}
    symbols = table.column(_SYMBOL).cast(pa.string())
    of_zone = _suffix_masks(symbols, zones)
    days = pa.nulls(table.num_rows, pa.date32())
    for zone, mask in of_zone.items():
        local = _on_the_clock(timestamps.cast(pa.timestamp("ns", zone))).cast(pa.date32())
        days = pc.if_else(mask, local, days)
    return days


def _suffix_masks(symbols: pa.ChunkedArray, zones: Mapping[str, str]) -> dict[str, pa.ChunkedArray]:
    of_zone: dict[str, list[str]] = {}
    for symbol in symbols.unique().to_pylist():
        if symbol is not None:
            of_zone.setdefault(zones[suffix_of(symbol)], []).append(symbol)
    return {zone: pc.is_in(symbols, pa.array(names, pa.string())) for zone, names in of_zone.items()}


def _on_the_clock(timestamps: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return timestamps without their time zone, as the clocks there show them."""
    return timestamps if timestamps.type.tz is None else pc.local_timestamp(timestamps)


def _with_timestamp(table: pa.Table, timestamp: TimestampColumn, *, is_stored: bool) -> pa.Table:
    """Return a table with the column ``timestamp``, from the documented columns or localized."""
    prepare: Callable[[pa.RecordBatch], pa.RecordBatch] = (
        (lambda batch: _split(batch, timestamp)) if is_stored else (lambda batch: batch)
    )
    batches = [timestamp.convert(prepare(batch)) for batch in table.to_batches()]
    empty = timestamp.convert(prepare(table.schema.empty_table().combine_chunks().to_batches()[0]))
    return pa.Table.from_batches([empty, *batches])


def _split(batch: pa.RecordBatch, timestamp: TimestampColumn) -> pa.RecordBatch:
    """Return a batch with date and time in place of a timestamp without a time zone."""
    moments = batch.column(TIMESTAMP)
    midnights = pc.floor_temporal(moments, unit="day")
    columns = {name: batch.column(name) for name in batch.schema.names if name != TIMESTAMP}
    columns |= {timestamp.date: midnights.cast(pa.date32()), timestamp.time: pc.subtract(moments, midnights)}
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
