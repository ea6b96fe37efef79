"""Which ticks of a day an answer is made from: the flags and the window."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.catalogue import TickDataFlag


def select(ticks: pa.Table, flags: AbstractSet[TickDataFlag]) -> pa.Table:
    """Apply the flags to one day's trades or quotes.

    Parameters
    ----------
    ticks
        As :class:`~tickframe.sandbox.market.interface.Market` describes them. What a column that is left out says
        of all ticks never leaves one out.
    flags
        The flags of the request.

    Returns
    -------
    pyarrow.Table
        The ticks that are left, in the market's order. With ``USE_MARKET_TS`` they carry the exchange's
        times and are in the order of these.
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
    if TickDataFlag.USE_MARKET_TS in flags and "market_time" in ticks.column_names:
        ticks = ticks.set_column(ticks.column_names.index("time"), "time", ticks["market_time"])
        # A late report has its place where it happened.
        ticks = ticks.take(np.argsort(nanoseconds(ticks), kind="stable"))
    return ticks


def within(ticks: pa.Table, from_time: int | None, to_time: int | None) -> pa.Table:
    """Return the ticks of a window, both ends included; nanoseconds since midnight, None for no end."""
    times = nanoseconds(ticks)
    inside = np.ones(len(times), dtype=bool)
    if from_time is not None:
        inside &= times >= from_time
    if to_time is not None:
        inside &= times <= to_time
    return ticks if inside.all() else ticks.filter(pa.array(inside))


def nanoseconds(ticks: pa.Table) -> npt.NDArray[np.int64]:
    """Return the ticks' times in nanoseconds since midnight."""
    times: npt.NDArray[np.int64] = ticks["time"].cast(pa.int64()).to_numpy()
    return times
