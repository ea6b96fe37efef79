"""Which rows and columns of an export are asked for, checked against what it has."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from tickframe.export.complete import SYMBOL, CompleteExport, StoredFile
from tickframe.plan.arguments import Day, parse_day, parse_strings

# More names than that help nobody.
_MOST_SHOWN = 20


@dataclass(frozen=True)
class Selection:
    """Symbols, days and columns.

    Attributes
    ----------
    export : CompleteExport
        The export.
    symbols : frozenset of str or None
        The symbols; None for all.
    days : frozenset of datetime.date or None
        The days; None for all.
    columns : list of str
        The columns of the frame, without its index.
    """

    export: CompleteExport
    symbols: frozenset[str] | None
    days: frozenset[dt.date] | None
    columns: list[str]

    @classmethod
    def of(
        cls,
        export: CompleteExport,
        symbols: str | Iterable[str] | None,
        days: Day | Iterable[Day] | None,
        columns: str | Sequence[str] | None,
    ) -> Self:
        """Return the selection; arguments as for :func:`tickframe.read_dataset`.

        Raises
        ------
        ValueError
            If a symbol, a day or a column is not there, or another argument is wrong. Symbols that are a column in
            the files are checked by :meth:`check_symbols`.
        """
        selection = cls(
            export,
            None if symbols is None else _symbols(export, symbols),
            None if days is None else _days(export, days),
            export.frame_columns if columns is None else _columns(export, columns),
        )
        if export.files and not export.is_in_files(SYMBOL):
            selection.check_symbols({str(file.values[SYMBOL]) for file in export.files})
        return selection

    def includes(self, file: StoredFile) -> bool:
        """Return whether a file can have such rows, from the values of its partition columns."""
        symbol, day = file.values.get(SYMBOL), file.values.get(self.export.date_column)
        return (self.symbols is None or SYMBOL not in file.values or symbol in self.symbols) and (
            self.days is None or self.export.date_column not in file.values or day in self.days
        )

    def check_symbols(self, known: set[str]) -> None:
        """Check that each symbol has rows, or was requested and had none.

        Parameters
        ----------
        known
            The symbols that have rows.

        Raises
        ------
        ValueError
            If one does not.
        """
        for symbol in sorted((self.symbols or frozenset()) - known):
            if not any(symbol in (coverage.symbols or ()) for coverage in self.export.coverages):
                raise _unknown("symbol", symbol, self.export, known)


def _symbols(export: CompleteExport, symbols: str | Iterable[str]) -> frozenset[str]:
    if SYMBOL not in export.schema.names and export.files:
        raise ValueError(f"the rows in {export.location} have no column 'symbol': omit symbols")
    return frozenset(parse_strings(symbols, "symbols"))


def _columns(export: CompleteExport, columns: str | Sequence[str]) -> list[str]:
    wanted = [columns] if isinstance(columns, str) else list(columns)
    for at, name in enumerate(wanted):
        if name not in export.frame_columns:
            raise _unknown("column", name, export, export.frame_columns)
        if name in wanted[:at]:
            raise ValueError(f"column {name!r} is repeated: name it once")
    return wanted


def _days(export: CompleteExport, days: Day | Iterable[Day]) -> frozenset[dt.date]:
    if export.documented is None and export.date_column not in export.schema.names and export.files:
        raise ValueError(f"the rows in {export.location} have no date: omit days")
    if isinstance(days, tuple):
        return _range(export, days)
    several = days if isinstance(days, Iterable) and not isinstance(days, str) else [days]
    wanted = [parse_day(day, "days") for day in several]
    if not wanted:
        raise ValueError("days is empty: pass at least one, or omit it for all")
    known = _exported(export)
    for day in wanted:
        if known and not any(first <= day <= last for first, last in known):
            raise ValueError(f"no day {day} in {export.location}: it has {_span(known)}")
    return frozenset(wanted)


def _range(export: CompleteExport, days: tuple[Day, ...]) -> frozenset[dt.date]:
    if len(days) != 2:
        raise ValueError(f"invalid days {days!r}: expected one day, a tuple of the first and the last, or a list")
    first, last = (parse_day(day, "days") for day in days)
    if first > last:
        raise ValueError(f"reversed range: {first} is after {last}")
    known = _exported(export)
    if known and not any(start <= last and first <= end for start, end in known):
        raise ValueError(f"no day from {first} to {last} in {export.location}: it has {_span(known)}")
    return frozenset(first + dt.timedelta(number) for number in range((last - first).days + 1))


def _exported(export: CompleteExport) -> set[tuple[dt.date, dt.date]]:
    """Return the ranges of days that requests name or files are of; empty if neither names days."""
    of_files = (file.values.get(export.date_column) for file in export.files)
    return {coverage.days for coverage in export.coverages if coverage.days is not None} | {
        (day, day) for day in of_files if isinstance(day, dt.date)
    }


def _span(ranges: set[tuple[dt.date, dt.date]]) -> str:
    first, last = min(first for first, _ in ranges), max(last for _, last in ranges)
    return f"{first} to {last}" if first != last else str(first)


def _unknown(what: str, name: str, export: CompleteExport, names: Iterable[str]) -> ValueError:
    known = sorted(names)
    near = difflib.get_close_matches(name, known, n=1)
    more = f" and {len(known) - _MOST_SHOWN:,} more" if len(known) > _MOST_SHOWN else ""
    guess = f"; did you mean {near[0]!r}?" if near else ""
    return ValueError(
        f"no {what} {name!r} in {export.location}: it has {', '.join(known[:_MOST_SHOWN]) or 'none'}{more}{guess}"
    )
