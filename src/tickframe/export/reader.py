"""Read what an export wrote: the frame that the query returned, or a dataset for other tools.

The types of the partition columns come from the export's own description, never from the names of its
directories. Every file that becomes a frame is compared with its recorded checksum.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from tickframe.arrow_to_pandas import to_dataframe
from tickframe.export.complete import SYMBOL, CompleteExport, StoredFile
from tickframe.export.records import sha256
from tickframe.export.selection import Selection
from tickframe.location import Location
from tickframe.plan.arguments import Day
from tickframe.threads import map_in_threads
from tickframe.timestamps import TIMESTAMP, TimestampColumn, TimeZones, sort_by_time, suffix_of

# Files that are read at once; their rows are kept in any case.
_CONCURRENT_READS = 8


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
        Rows in order of time where there is a timestamp, otherwise in the order of the files. Rows of the same time are
        in the order of the files too, if other partition columns than symbol and date divided a response.

    Raises
    ------
    DatasetError
        If there is no export in this place, it was interrupted, or a file is missing or damaged.
    ValueError
        If a symbol, a day or a column is not there, or another argument is wrong.
    OSError
        If the place cannot be read.
    """
    export = CompleteExport.open(Location(place))
    selection = Selection.of(export, symbols, days, columns)
    timestamp = _timestamp_column(export, tz)
    files = [file for file in export.files if selection.includes(file)]
    table = _read(export, files, _needed(export, selection, tz))
    if selection.symbols is not None and export.is_in_files(SYMBOL):
        selection.check_symbols(_distinct(table.column(SYMBOL)))
        table = _filtered(table, table.column(SYMBOL), selection.symbols)
    if selection.days is not None and export.is_in_files(export.date_column):
        table = _filtered(table, _days(export, table), selection.days)
    if timestamp is not None:
        table = _with_timestamp(table, timestamp, is_stored=export.has_timestamp)
    if export.documented is None:
        return to_dataframe(table.select(selection.columns), consume=True)
    table = sort_by_time(table.select([TIMESTAMP, *selection.columns]))
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
        If there is no export in this place, it was interrupted, or a file is missing or not of its recorded size. The
        recorded checksums are not compared.
    OSError
        If the place cannot be read. Reading the dataset raises it too, if a page differs from its checksum in the file.
    """
    export = CompleteExport.open(Location(place))
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


def _guarantee(export: CompleteExport, file: StoredFile) -> pc.Expression:
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


def _check_sizes(export: CompleteExport, files: Sequence[StoredFile]) -> None:
    location = export.location
    infos = location.filesystem.get_file_info([location.path(file.name) for file in files]) if files else []
    for file, info in zip(files, infos, strict=True):
        if not info.is_file:
            raise export.damaged(file, "is missing")
        if file.size is not None and info.size != file.size:
            raise export.damaged(file, f"has {info.size:,} bytes instead of {file.size:,}")


def _timestamp_column(export: CompleteExport, tz: TimeZones | None) -> TimestampColumn | None:
    """Return how to compute the timestamp; None if it is stored as it is to be, or there is none."""
    if export.documented is None:
        if tz is not None:
            raise ValueError(f"tz needs a date and a time of day, which the rows in {export.location} do not have")
        return None
    if export.tz is not None:
        given, stored = (TimestampColumn.of(export.documented, each) for each in (tz, export.tz))
        if tz is not None and given != stored:
            raise ValueError(
                f"the timestamps in {export.location} have a time zone already, from tz={export.tz!r}: omit tz, and "
                "use tz_convert() of the index for another one"
            )
        return None
    return None if export.has_timestamp and tz is None else TimestampColumn.of(export.documented, tz)


def _needed(export: CompleteExport, selection: Selection, tz: TimeZones | None) -> list[str]:
    """Return the columns to read, in the order of the schema."""
    needed = set(selection.columns)
    if export.documented is not None:
        needed |= {TIMESTAMP} if export.has_timestamp else set(export.documented)
    if selection.symbols is not None or isinstance(tz, Mapping) or isinstance(export.tz, Mapping):
        needed.add(SYMBOL)
    if selection.days is not None:
        needed.add(export.date_column)
    return [name for name in export.schema.names if name in needed]


def _read(export: CompleteExport, files: Sequence[StoredFile], columns: Sequence[str]) -> pa.Table:
    """Return the rows of files, in their order, a chunk or more for each."""
    schema = pa.schema([export.schema.field(name) for name in columns])

    def read(file: StoredFile) -> pa.Table:
        return _complete(file, _verified(export, file, columns), schema)

    tables = map_in_threads(read, files, _CONCURRENT_READS, "tickframe-read")
    return pa.concat_tables([schema.empty_table(), *tables])


def _verified(export: CompleteExport, file: StoredFile, columns: Sequence[str]) -> pa.Table:
    """Return the rows of a file that is as it was written."""
    try:
        content = export.location.read(file.name)
    except FileNotFoundError as error:
        raise export.damaged(file, "is missing") from error
    if file.size is not None and content.size != file.size:
        raise export.damaged(file, f"has {content.size:,} bytes instead of {file.size:,}")
    # It takes 2 to 4 percent of the time to decode the file.
    if file.sha256 is not None and sha256(content) != file.sha256:
        raise export.damaged(file, "differs from its recorded checksum")
    try:
        parquet = pq.ParquetFile(pa.BufferReader(content))
        stored = set(parquet.schema_arrow.names)
        return parquet.read([name for name in columns if name in stored], use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise export.damaged(file, "is not a readable Parquet file") from error


def _complete(file: StoredFile, table: pa.Table, schema: pa.Schema) -> pa.Table:
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


def _distinct(column: pa.ChunkedArray) -> set[str]:
    """Return the strings in a column."""
    return {text for chunk in column.chunks for text in chunk.unique().to_pylist() if text is not None}


def _filtered(table: pa.Table, column: pa.ChunkedArray, values: Iterable[object]) -> pa.Table:
    """Return the rows where a column has one of some values."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind)
    mask = pc.is_in(column, pa.array(sorted(values), kind))  # type: ignore[type-var]
    return table if pc.all(mask).as_py() is not False else table.filter(mask)


def _days(export: CompleteExport, table: pa.Table) -> pa.ChunkedArray:
    """Return the date of each row."""
    name = export.date_column
    if name in table.column_names:
        return table.column(name)
    timestamps = table.column(TIMESTAMP)
    if not isinstance(export.tz, Mapping):
        return _on_the_clock(timestamps).cast(pa.date32())
    # Stored in UTC: the clock is that of each symbol's exchange.
    zones = {suffix.removeprefix("."): zone for suffix, zone in export.tz.items()}
    symbols = table.column(SYMBOL).cast(pa.string())
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
    batches = table.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
    if is_stored:
        batches = [_split(batch, timestamp) for batch in batches]
    return pa.Table.from_batches([timestamp.convert(batch) for batch in batches])


def _split(batch: pa.RecordBatch, timestamp: TimestampColumn) -> pa.RecordBatch:
    """Return a batch with date and time in place of a timestamp without a time zone."""
    moments = batch.column(TIMESTAMP)
    midnights = pc.floor_temporal(moments, unit="day")
    columns = {name: batch.column(name) for name in batch.schema.names if name != TIMESTAMP}
    columns |= {timestamp.date: midnights.cast(pa.date32()), timestamp.time: pc.subtract(moments, midnights)}
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
