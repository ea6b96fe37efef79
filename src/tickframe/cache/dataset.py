"""The cached responses of a function as one dataset for DuckDB, Polars and pyarrow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from tickframe.cache.checksum import InvalidEntryError
from tickframe.cache.entry import Entry
from tickframe.cache.key import Key, folder_name
from tickframe.cache.maintenance import entry_files
from tickframe.cache.provenance import Provenance
from tickframe.catalogue import FUNCTIONS, timestamp_columns
from tickframe.location import Location
from tickframe.plan.part import Part, frozen
from tickframe.timestamps import TIMESTAMP, TimeOptions, Times
from tickframe.wire.batch import LABEL

# Parameters in which the responses of one dataset may differ.
_SPLITTING = frozenset({"symbol", "symbols", "day", "first_day", "last_day", "from_time", "to_time"})

_NOT_GIVEN = "not given"


@dataclass(frozen=True)
class _File:
    """A file of the dataset."""

    key: Key
    provenance: Provenance
    schema: pa.Schema
    has_timestamps: bool
    timestamps: tuple[np.datetime64, np.datetime64] | None

    @cached_property
    def kind(self) -> dict[str, str]:
        """The parameters that all files of the dataset must share."""
        return {name: value for name, value in self.provenance.request.items() if name not in _SPLITTING}

    @cached_property
    def symbols(self) -> list[str]:
        request = self.provenance.request
        symbols = request.get("symbol", request.get("symbols", ""))
        # Only the text of several symbols is a list: a single symbol may contain a comma.
        return [symbols] if "symbol" in self.key.labels else symbols.split(",")

    @cached_property
    def days(self) -> tuple[str, str]:
        """The first and the last day, as text that sorts like days."""
        request = self.provenance.request
        return request.get("day", request.get("first_day", "")), request.get("day", request.get("last_day", ""))

    def covers(self, other: _File) -> bool:
        """Return whether this file has all rows of the other one for a symbol of both."""
        (first, last), (other_first, other_last) = self.days, other.days
        return first <= other_first and other_last <= last and self.key.window.covers(other.key.window)

    def overlaps(self, other: _File) -> bool:
        """Return whether a row for a symbol of both can be in both files."""
        (first, last), (other_first, other_last) = self.days, other.days
        return first <= other_last and other_first <= last and self.key.window.overlaps(other.key.window)


def open_dataset(
    location: Location, function: str, parameters: Mapping[str, object], *, times: Times = "timestamp"
) -> ds.Dataset:
    """Open the entries of a function, see :meth:`tickframe.Cache.dataset`."""
    files = _of_one_kind(list(_files(location, function)), function, parameters)
    chosen = sorted(_without_repeats(files), key=lambda file: (file.days[0], file.symbols, str(file.key.window)))
    with_rows = [file for file in chosen if file.provenance.rows] or chosen[:1]
    # Opening the entries checked their footers but not their pages.
    options = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    parquet = ds.ParquetFileFormat(default_fragment_scan_options=options)
    symbol = _symbol_column(function)
    schema = pa.unify_schemas([file.schema.remove_metadata() for file in with_rows])
    time_options = TimeOptions.of(timestamp_columns(function), times=times)
    time_options = time_options.for_schema(schema, is_documented=False)
    schema = time_options.schema(schema)
    if TIMESTAMP in schema.names:
        _check_timestamps(with_rows, function)
    fragments = [
        parquet.make_fragment(
            location.path(file.key.name), location.filesystem, partition_expression=_guarantee(file, symbol, schema)
        )
        for file in with_rows
    ]
    if symbol is not None and symbol not in schema.names:
        schema = schema.insert(0, pa.field(symbol, LABEL))
    return ds.FileSystemDataset(fragments, schema, parquet, location.filesystem)


def _files(location: Location, function: str) -> Iterator[_File]:
    wanted = f"function={folder_name(function, keep_lowercase=True)}"
    for key, _ in entry_files(location):
        if wanted not in key.folder.split("/"):
            continue
        if _symbol_column(function) is not None and "symbol" not in key.labels:
            # Written when several symbols were one request: whose rows they are is not known.
            continue
        try:
            with location.open(key.name) as data:
                entry = Entry(data, key)
                file = _File(key, entry.provenance, entry.schema, entry.has_timestamps, entry.timestamps)
        except (FileNotFoundError, InvalidEntryError):
            # A query will fetch it again.
            continue
        yield file


def _check_timestamps(files: Sequence[_File], function: str) -> None:
    """Check that each file has timestamps, which those of an earlier version lack."""
    lacking = [file for file in files if not file.has_timestamps and TIMESTAMP not in file.schema.names]
    if lacking:
        raise ValueError(
            f"{len(lacking)} of {len(files)} cached responses of {function} have no timestamps, since an earlier "
            "version of tickframe wrote them or a day is outside 1677 to 2262: use times='documented', or load them "
            "again with cache='refresh'"
        )


def _symbol_column(function: str) -> str | None:
    """Return the name of the column with the requested symbol that responses of a function lack."""
    column = FUNCTIONS[function].symbol_column if function in FUNCTIONS else None
    return None if column is None else column.name


def _of_one_kind(files: list[_File], function: str, parameters: Mapping[str, object]) -> list[_File]:
    """Select the files with the given parameters, and check that they agree in all others."""
    asked_with = Part(function, "", tuple((name, frozen(value)) for name, value in parameters.items()))
    wanted = {name: _NOT_GIVEN if parameters[name] is None else words for name, words in asked_with.words().items()}
    files = [file for file in files if all(file.kind.get(name, _NOT_GIVEN) == words for name, words in wanted.items())]
    if not files:
        asked = "".join(f" with {name}={value}" for name, value in wanted.items())
        raise ValueError(f"the cache holds no {function}{asked}: load some of it first")
    for name in sorted({name for file in files for name in file.kind}):
        values = sorted({file.kind.get(name, _NOT_GIVEN) for file in files})
        if len(values) > 1:
            raise ValueError(
                f"cannot combine cached {function} responses of several kinds: {name} is {' or '.join(values)}. Select "
                f"one, as in dataset({function!r}, {name}=...), with None for {_NOT_GIVEN!r}; or clear() the others"
            )
    return files


def _without_repeats(files: Sequence[_File]) -> list[_File]:
    """Drop the files whose rows are all in others, and check that the rest does not overlap."""
    of_symbol: dict[str, list[_File]] = defaultdict(list)
    for file in sorted(files, key=lambda file: (file.days, file.key.window.first or 0)):
        for symbol in file.symbols:
            of_symbol[symbol].append(file)
    kept = {file.key: file for file in files}
    for file in sorted(files, key=lambda file: len(file.symbols)):
        if all(
            any(other.covers(file) for other in of_symbol[symbol] if other.key in kept and other is not file)
            for symbol in file.symbols
        ):
            del kept[file.key]
    for symbol, ordered in of_symbol.items():
        for one, other in pairwise(file for file in ordered if file.key in kept):
            if one.overlaps(other):
                raise ValueError(
                    f"cached responses for {symbol} overlap: {' to '.join(one.days)}, {one.key.window}, and "
                    f"{' to '.join(other.days)}, {other.key.window}. Load a window that contains both, or clear() one"
                )
    return list(kept.values())


def _guarantee(file: _File, symbol_column: str | None, schema: pa.Schema) -> pc.Expression:
    """Return what is true of all rows, so that a filter that contradicts it does not open the file.

    A column that the file lacks gets its value from it.
    """
    expression = pc.scalar(True)
    if symbol_column is not None and symbol_column not in file.schema.names:
        expression &= pc.field(symbol_column) == file.symbols[0]
    if TIMESTAMP in schema.names and file.timestamps is not None:
        first, last = (pa.scalar(each) for each in file.timestamps)
        expression &= (pc.field(TIMESTAMP) >= first) & (pc.field(TIMESTAMP) <= last)
    for name, value in file.provenance.constant.items():
        if name not in schema.names:
            continue
        if pa.types.is_date(file.schema.field(name).type):
            day = pa.scalar(np.datetime64(value, "D").astype(int), pa.int32()).cast(pa.date32())
            expression &= pc.field(name) == day
        else:
            expression &= pc.field(name) == value
    return expression
