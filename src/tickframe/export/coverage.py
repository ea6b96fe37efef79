"""Which days of which symbols a part is about, and whether other parts are about the same ones."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from tickframe.plan.part import Part

#: The parameters that name symbols and days. All others are the same for all parts of a dataset.
COVERAGE_PARAMETERS = frozenset({"symbol", "symbols", "day", "first_day", "last_day"})


@dataclass(frozen=True, slots=True)
class Coverage:
    """Symbols and days.

    Attributes
    ----------
    symbols : tuple of str or None
        The symbols; None for all.
    days : (datetime.date, datetime.date) or None
        The first and the last day, both included; None for all.
    """

    symbols: tuple[str, ...] | None = None
    days: tuple[dt.date, dt.date] | None = None

    @classmethod
    def of(cls, part: Part) -> Coverage:
        """Return what a request names."""
        parameters = dict(part.parameters)
        first, last, either = (_dates(parameters.get(name)) for name in ("first_day", "last_day", "day"))
        days = None
        if first or last or either:
            days = (min((*first, *either), default=dt.date.min), max((*last, *either), default=dt.date.max))
        return cls(part.symbols() or None, days)


class Union:
    """The days of symbols that some parts cover together.

    Parameters
    ----------
    coverages
        What each of them covers.
    """

    def __init__(self, coverages: Iterable[Coverage]) -> None:
        ranges: dict[str | None, set[tuple[int, int]]] = {}
        for coverage in coverages:
            for symbol in _symbols(coverage):
                ranges.setdefault(symbol, set()).add(_ordinals(coverage))
        self._ranges = {symbol: _merged(sorted(each)) for symbol, each in ranges.items()}

    def overlaps(self, coverage: Coverage) -> bool:
        """Return whether a symbol and day of a coverage is among them."""
        first, last = _ordinals(coverage)
        symbols = self._ranges.keys() if coverage.symbols is None else {*coverage.symbols, None}
        return any(_overlap(self._ranges.get(symbol, []), first, last) for symbol in symbols)

    def missing(self, coverage: Coverage) -> int:
        """Return how many of the days of symbols of a coverage are not among them."""
        first, last = _ordinals(coverage)
        count = 0
        for symbol in _symbols(coverage):
            there = _merged(sorted({*self._ranges.get(symbol, []), *self._ranges.get(None, [])}))
            missing = last - first + 1 - sum(min(last, b) - max(first, a) + 1 for a, b in _overlap(there, first, last))
            count += missing if coverage.days is not None else bool(missing)
        return count


def can_overlap(part: Part, coverage: Coverage) -> bool:
    """Return whether another request of the same kind can have some of a part's symbols and days, but not all."""
    names = dict(part.parameters).keys()
    is_one_day = coverage.days is not None and coverage.days[0] == coverage.days[1] and "day" in names
    return not (is_one_day and "symbol" in names and len(coverage.symbols or ()) == 1)


def _symbols(coverage: Coverage) -> tuple[str | None, ...]:
    return (None,) if coverage.symbols is None else coverage.symbols


def _ordinals(coverage: Coverage) -> tuple[int, int]:
    first, last = coverage.days or (dt.date.min, dt.date.max)
    return first.toordinal(), last.toordinal()


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join sorted ranges that touch or overlap."""
    merged: list[tuple[int, int]] = []
    for first, last in ranges:
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def _overlap(ranges: list[tuple[int, int]], first: int, last: int) -> list[tuple[int, int]]:
    """Return those of disjoint sorted ranges that overlap one."""
    start = max(bisect_right(ranges, (first,)) - 1, 0)
    found = []
    for each in ranges[start:]:
        if each[0] > last:
            break
        if each[1] >= first:
            found.append(each)
    return found


def _values(value: object) -> tuple[object, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _dates(value: object) -> list[dt.date]:
    """Return the days of a parameter; those of an undocumented function may be text."""
    days = []
    for each in _values(value):
        if isinstance(each, dt.datetime):
            days.append(each.date())
        elif isinstance(each, dt.date):
            days.append(each)
        elif isinstance(each, str):
            try:
                days.append(dt.date.fromisoformat(each))
            except ValueError:
                return []
    return days
