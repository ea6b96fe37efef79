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
from tickframe.catalogue import FUNCTIONS, Function, TickDataFlag
from tickframe.plan.part import Part
from tickframe.wire.completeness import announced_holes, warns_of_holes
from tickframe.wire.reader import Response

# Hours from the end of a day in UTC until it has ended in all time zones and late reports have arrived.
_LATE_HOURS = 36
# Flags that select rows without changing them. For the others it is not documented whether the window
# is applied before or after them.
_SELECTING_FLAGS = frozenset(
    {
        TickDataFlag.INCLUDE_NON_REGULAR,
        TickDataFlag.INCLUDE_CONTINUOUS_SESSION_ONLY,
        TickDataFlag.INCLUDE_TRADE_CONDITION_INFO,
    }
)


def is_final(part: Part) -> bool:
    """Return whether the response to a request can no longer change."""
    function = _documented(part)
    days = part.days()
    if not days or (function is not None and not function.dated):
        return False
    if function is None and len(days) == 1 and "day" not in dict(part.parameters):
        # The one day may be the start of a range without an end.
        return False
    return max(days) < (dt.datetime.now(dt.UTC) - dt.timedelta(hours=_LATE_HOURS)).date()


def is_complete(part: Part, response: Response) -> bool:
    """Return whether a response is not a page, and lacks neither rows nor documented columns as far as it tells."""
    if response.meta.get("cursor") or "cursor" in dict(part.parameters):
        return False
    if warns_of_holes(response.warning) or any(announced_holes(response.meta)):
        return False
    if not response.bytes or response.missing:
        return False
    total = response.meta.get("total_hits")
    return _documented(part) is not None or not isinstance(total, int | float) or response.rows >= total


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
    return FUNCTIONS.get(part.function) if part.is_documented else None
