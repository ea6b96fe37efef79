"""The caching policy: which responses are cached, and which of them answer requests for a narrower window.

==================================================================  ================================================
A response is cached if                                             because otherwise
==================================================================  ================================================
all days of the request ended at least 36 hours ago                 late reports may still change it, and lists of
(:func:`is_final`); a request without days is never cached          symbols grow
it is not one page of several, and all announced rows are there     a cursor expires, and whoever gets too few rows
(:func:`is_complete`)                                               asks again
it has at least one byte and all documented columns, and neither    the next response may have what this one lacks
its metadata nor its warning says that rows are missing
(:func:`is_complete`)
==================================================================  ================================================

Both are asked again of an entry that is read, with the time at which it was fetched (:func:`is_answer`): it may have
been written under a wrong clock, or by a version that kept more.

==================================================================  ================================================
It answers a request for a narrower window if                       because otherwise
==================================================================  ================================================
the function returns the rows of the day in the window, and all     rows may depend on the window, as bars do, or on
flags only select rows (:func:`window_column`)                      a flag whose effect on a window is undocumented
the service sent no warning and no metadata (:func:`can_be_cut`)    they may be about rows outside the window
every row has a time (:func:`can_be_cut`)                           the row may or may not be in the window
at least one row is in the window                                   the service may say why there are none
==================================================================  ================================================
"""

from __future__ import annotations

import datetime as dt

from tickframe.cache.entry import Entry
from tickframe.cache.provenance import Provenance
from tickframe.catalogue import FUNCTIONS, Function, TickDataFlag, find_function
from tickframe.plan.part import Part
from tickframe.wire.completeness import announced_holes, warns_of_holes
from tickframe.wire.reader import Response

# Hours from the end of a day in UTC until it has ended in all time zones and late reports have arrived.
_LATE_HOURS = 36
# By how much the clocks of two machines may differ.
_CLOCK_DIFFERENCE = dt.timedelta(hours=1)
# Flags that select rows without changing them. For the others it is not documented whether the window
# is applied before or after them.
_SELECTING_FLAGS = frozenset(
    {
        TickDataFlag.INCLUDE_NON_REGULAR,
        TickDataFlag.INCLUDE_CONTINUOUS_SESSION_ONLY,
        TickDataFlag.INCLUDE_TRADE_CONDITION_INFO,
    }
)


def is_final(part: Part, at: dt.datetime | None = None) -> bool:
    """Return whether the response to a request cannot change after a moment. Default: now."""
    function = _documented(part)
    days = part.days()
    if not days or (function is not None and not function.dated):
        return False
    if function is None and len(days) == 1 and "day" not in dict(part.parameters):
        # The one day may be the start of a range without an end.
        return False
    return has_ended(max(days), dt.datetime.now(dt.UTC) if at is None else at)


def has_ended(day: dt.date, at: dt.datetime) -> bool:
    """Return whether a day has ended everywhere at a moment, and late reports have arrived."""
    return (at - dt.datetime.combine(day, dt.time(), dt.UTC)) >= dt.timedelta(days=1, hours=_LATE_HOURS)


def is_of_the_past(provenance: Provenance) -> bool:
    """Return whether an entry was fetched before now, as clocks go."""
    return provenance.fetched - dt.datetime.now(dt.UTC) <= _CLOCK_DIFFERENCE


def is_answer(part: Part, provenance: Provenance) -> bool:
    """Return whether an entry with the key of a request is the response to it."""
    fetched = provenance.fetched
    return is_of_the_past(provenance) and is_final(part, fetched) and is_complete(part, provenance.summary())


def is_complete(part: Part, response: Response) -> bool:
    """Return whether a response is not a page, and lacks neither rows nor documented columns as far as it tells."""
    if response.meta.get("cursor") or "cursor" in dict(part.parameters):
        return False
    if warns_of_holes(response.warning) or any(announced_holes(response.meta)):
        return False
    if not response.bytes or response.missing:
        return False
    total = response.meta.get("total_hits")
    return (
        (part.is_documented and part.function in FUNCTIONS)
        or not isinstance(total, int | float)
        or response.rows >= total
    )


def window_column(part: Part) -> str | None:
    """Return the column of times by which the response can be cut to a narrower window; None if it cannot."""
    function = _documented(part)
    if function is None or not function.windowed or function.timestamp is None:
        return None
    flags = dict(part.parameters).get("flags", ())
    return function.timestamp[1] if isinstance(flags, tuple) and _SELECTING_FLAGS.issuperset(flags) else None


def can_be_cut(entry: Entry, column: str) -> bool:
    """Return whether an entry holds nothing but rows that each have a time in a column."""
    return not entry.provenance.warning and not entry.provenance.meta and entry.has_all_times(column)


def _documented(part: Part) -> Function | None:
    source = dict(part.parameters).get("source", "")
    return find_function(part.function, str(source)) if part.is_documented else None
