"""What a cache holds of a function, as one dataset for DuckDB, Polars and pyarrow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from tickframe.cache.checksum import InvalidEntryError
from tickframe.cache.entry import Provenance, describe
from tickframe.cache.key import Window, folder_name
from tickframe.cache.maintenance import entry_files
from tickframe.location import Folder
from tickframe.plan.part import Part, frozen

# What differs from entry to entry of one kind.
_SPLITTING = frozenset({"symbol", "symbols", "day", "first_day", "last_day", "from_time", "to_time"})

_NOT_GIVEN = "not given"


@dataclass(frozen=True)
class _Entry:
    name: str
    window: Window
    provenance: Provenance
    schema: pa.Schema

    @cached_property
    def kind(self) -> dict[str, str]:
        return {name: value for name, value in self.provenance.request.items() if name not in _SPLITTING}

    @cached_property
    def symbols(self) -> list[str]:
        request = self.provenance.request
        words = request.get("symbol", request.get("symbols", ""))
        # A comma may be part of the one symbol that has a folder of its own.
        return [words] if "/symbol=" in self.name else words.split(",")

    @cached_property
    def days(self) -> tuple[str, str]:
        """The first and the last day, as text that sorts as days do."""
        request = self.provenance.request
        return request.get("day", request.get("first_day", "")), request.get("day", request.get("last_day", ""))

    def covers(self, other: _Entry) -> bool:
        """Say whether all rows that the other has of a symbol of both are here too."""
        (first, last), (begin, end) = self.days, other.days
        return first <= begin and end <= last and self.window.covers(other.window)

    def overlaps(self, other: _Entry) -> bool:
        """Say whether some rows of a symbol of both can be in both."""
        (first, last), (begin, end) = self.days, other.days
        return first <= end and begin <= last and self.window.overlaps(other.window)


def open_dataset(folder: Folder, function: str, parameters: Mapping[str, object]) -> ds.Dataset:
    """Open the entries of a function, see :meth:`tickframe.Cache.dataset`."""
    entries = _of_one_kind(list(_entries(folder, function)), function, parameters)
    chosen = sorted(_without_repeats(entries), key=lambda entry: (entry.days[0], entry.symbols, str(entry.window)))
    with_rows = [entry for entry in chosen if entry.provenance.rows] or chosen[:1]
    # Footers were checked when they were read; pages are when they are.
    options = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    parquet = ds.ParquetFileFormat(default_fragment_scan_options=options)
    fragments = [
        parquet.make_fragment(folder.path(entry.name), folder.filesystem, partition_expression=_guarantee(entry))
        for entry in with_rows
    ]
    schema = pa.unify_schemas([entry.schema.remove_metadata() for entry in with_rows])
    return ds.FileSystemDataset(fragments, schema, parquet, folder.filesystem)


def _entries(folder: Folder, function: str) -> Iterator[_Entry]:
    wanted = f"function={folder_name(function, keep_lowercase=True)}"
    for key, _ in entry_files(folder):
        if wanted not in key.folder.split("/"):
            continue
        try:
            with folder.open(key.name) as file:
                provenance, schema = describe(file)
        except (FileNotFoundError, InvalidEntryError):
            # What cannot be read is fetched again when it is asked for.
            continue
        yield _Entry(key.name, key.window, provenance, schema)


def _of_one_kind(entries: list[_Entry], function: str, parameters: Mapping[str, object]) -> list[_Entry]:
    asked_with = Part(function, "", tuple((name, frozen(value)) for name, value in parameters.items()))
    wanted = {name: _NOT_GIVEN if parameters[name] is None else words for name, words in asked_with.words().items()}
    entries = [
        entry for entry in entries if all(entry.kind.get(name, _NOT_GIVEN) == words for name, words in wanted.items())
    ]
    if not entries:
        asked = "".join(f" with {name}={value}" for name, value in wanted.items())
        raise ValueError(f"the cache holds no {function}{asked}: load some of it first")
    values: dict[str, set[str]] = defaultdict(set)
    names = {name for entry in entries for name in entry.kind}
    for name, kind in product(sorted(names), [entry.kind for entry in entries]):
        values[name].add(kind.get(name, _NOT_GIVEN))
    for name, several in values.items():
        if len(several) > 1:
            raise ValueError(
                f"the cache holds {function} of several kinds: {name} is {' or '.join(sorted(several))}. "
                f"Their rows do not belong into one table: name one, as in dataset({function!r}, {name}=...), where "
                "None is what was not given, or clear() the others"
            )
    return entries


def _without_repeats(entries: Sequence[_Entry]) -> list[_Entry]:
    """Leave out the entries all of whose rows are in others."""
    of_symbol: dict[str, list[_Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: (entry.days, entry.window.first or 0)):
        for symbol in entry.symbols:
            of_symbol[symbol].append(entry)
    kept = {entry.name: entry for entry in entries}
    for entry in sorted(entries, key=lambda entry: len(entry.symbols)):
        if all(
            any(other.covers(entry) for other in of_symbol[symbol] if other.name in kept and other is not entry)
            for symbol in entry.symbols
        ):
            del kept[entry.name]
    for symbol, ordered in of_symbol.items():
        for one, other in pairwise(entry for entry in ordered if entry.name in kept):
            if one.overlaps(other):
                raise ValueError(
                    f"two entries of {symbol} overlap: {' to '.join(one.days)}, {one.window}, and "
                    f"{' to '.join(other.days)}, {other.window}. Load what holds both, or clear() one of them"
                )
    return list(kept.values())


def _guarantee(entry: _Entry) -> pc.Expression:
    """Say which columns hold one value in all rows, so that a filter for another leaves the file closed."""
    expression = pc.scalar(True)
    for name, value in entry.provenance.constant.items():
        if pa.types.is_date(entry.schema.field(name).type):
            day = pa.scalar(np.datetime64(value, "D").astype(int), pa.int32()).cast(pa.date32())
            expression &= pc.field(name) == day
        else:
            expression &= pc.field(name) == value
    return expression
