"""Selection of ticks: by flags, by a window of time, and as of a time."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.catalogue import TickDataFlag
from tickframe.sandbox.market.arrays import Booleans, Integers, nanoseconds

# Times in UTC are not simulated: see UTC_NOT_SIMULATED.
_MARKET_TIMES = frozenset({TickDataFlag.USE_MARKET_TS, TickDataFlag.USE_MARKET_UTC_TS})

#: The warning of a response to a request for times in UTC.
UTC_NOT_SIMULATED = "USE_MARKET_UTC_TS is not simulated: times are by the exchange's own clock"


def select(ticks: pa.Table, flags: AbstractSet[TickDataFlag]) -> pa.Table:
    """Apply flags to one day's trades or quotes.

    Parameters
    ----------
    ticks
        Trades or quotes as :class:`~tickframe.sandbox.market.interface.Market` describes them. A flag about
        a column that they do not have changes nothing.
    flags
        The flags of the request.

    Returns
    -------
    pyarrow.Table
        The selected ticks in the market's order. With ``USE_MARKET_TS`` or ``USE_MARKET_UTC_TS``, their
        times are the exchange's and they are in the order of these.
    """
    if TickDataFlag.INCLUDE_NON_REGULAR not in flags and "regular" in ticks.column_names:
        ticks = ticks.filter(ticks["regular"])
    if TickDataFlag.INCLUDE_CONTINUOUS_SESSION_ONLY in flags and "continuous" in ticks.column_names:
        ticks = ticks.filter(ticks["continuous"])
    if TickDataFlag.EXCLUDE_CANCELLED_TRADES in flags and "cancelled" in ticks.column_names:
        ticks = ticks.filter(pc.invert(ticks["cancelled"]))
    if TickDataFlag.APPLY_TRADE_CORRECTIONS in flags and "corrected_trade" in ticks.column_names:
        for name in ("trade", "trade_size"):
            corrected = pc.coalesce(ticks[f"corrected_{name}"], ticks[name])
            ticks = ticks.set_column(ticks.column_names.index(name), name, corrected)
    if not flags.isdisjoint(_MARKET_TIMES) and "market_time" in ticks.column_names:
        ticks = in_time_order(ticks.set_column(ticks.column_names.index("time"), "time", ticks["market_time"]))
    return ticks


def within(ticks: pa.Table, from_time: int | None, to_time: int | None) -> pa.Table:
    """Return the ticks of a window that includes both ends, in nanoseconds since midnight; None is unbounded."""
    times = nanoseconds(ticks)
    inside = np.ones(len(times), dtype=bool)
    if from_time is not None:
        inside &= times >= from_time
    if to_time is not None:
        inside &= times <= to_time
    return ticks if inside.all() else ticks.filter(pa.array(inside))


def in_time_order(ticks: pa.Table) -> pa.Table:
    """Return the ticks ordered by time; ticks with the same time keep their order."""
    times = nanoseconds(ticks)
    if np.all(times[1:] >= times[:-1]):
        return ticks
    return ticks.take(np.argsort(times, kind="stable"))


def rows_as_of(ticks: pa.Table, times: Integers, *, inclusive: bool | Booleans) -> pa.Table:
    """Return the most recent tick as of each time.

    Parameters
    ----------
    ticks
        One day's ticks. Of several with the same time, the last is the most recent.
    times
        Nanoseconds since midnight, int64.
    inclusive
        Whether a tick at the time itself counts, for all times or for each.

    Returns
    -------
    pyarrow.Table
        One row per time with the columns of ``ticks``, all null if there is no earlier tick.
    """
    ticks = in_time_order(ticks)
    known = nanoseconds(ticks)
    through, before = (np.searchsorted(known, times, side=side) for side in ("right", "left"))
    row = np.where(inclusive, through, before) - 1
    return ticks.take(pa.array(row, mask=row < 0))
