"""Bars: ticks summarized by time bins."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.sandbox.answers.selection import in_time_order, rows_as_of
from tickframe.sandbox.market.arrays import Booleans, Floats, Integers, nanoseconds


class Bins(NamedTuple):
    """Consecutive time bins, in nanoseconds since midnight, int64.

    A bin includes its start and excludes its end, except that the last bin includes both. So each tick of
    the window is in one bin.
    """

    starts: Integers
    ends: Integers

    @property
    def includes_end(self) -> Booleans:
        """Whether each bin includes its end."""
        includes: Booleans = np.arange(len(self.ends)) == len(self.ends) - 1
        return includes


def time_bins(from_time: int, to_time: int, size: int) -> Bins:
    """Divide a window into bins.

    Parameters
    ----------
    from_time, to_time
        The window in nanoseconds since midnight. The last bin ends at ``to_time``, and is shorter if the
        window is not a multiple of ``size``.
    size
        The length of a bin in nanoseconds.
    """
    starts = np.arange(from_time, max(to_time, from_time + 1), size, dtype=np.int64)
    return Bins(starts, np.minimum(starts + size, to_time))


def trade_bars(trades: pa.Table, bins: Bins) -> dict[str, pa.Array]:
    """Summarize trades by bin.

    Parameters
    ----------
    trades
        One day's trades. Those without a price are ignored.
    bins
        The bins.

    Returns
    -------
    dict
        One value per bin: ``open``, ``high``, ``low``, ``close`` (double) and ``trade_condition`` (of the last
        trade), null for a bin without trades; ``trade_count`` and ``volume`` (int64), 0 for such a bin.
    """
    priced = pc.and_(pc.is_valid(trades["trade"]), pc.invert(pc.is_nan(trades["trade"])))
    trades = in_time_order(trades.filter(pc.fill_null(priced, fill_value=False)))
    times = nanoseconds(trades)
    first = np.searchsorted(times, bins.starts, side="left")
    through, before = (np.searchsorted(times, bins.ends, side=side) for side in ("right", "left"))
    stop = np.where(bins.includes_end, through, before)
    empty = first == stop
    price = trades["trade"].to_numpy()
    size = pc.fill_null(trades["trade_size"], 0).to_numpy()
    return {
        "open": trades["trade"].take(pa.array(first, mask=empty)),
        "high": _reduce(np.maximum, price, first, stop),
        "low": _reduce(np.minimum, price, first, stop),
        "close": trades["trade"].take(pa.array(stop - 1, mask=empty)),
        "trade_condition": trades["trade_condition"].take(pa.array(stop - 1, mask=empty)),
        "trade_count": pa.array(stop - first),
        "volume": pc.fill_null(_reduce(np.add, size, first, stop), 0),
    }


def quote_bars(quotes: pa.Table, bins: Bins) -> dict[str, pa.ChunkedArray]:
    """Return the prevailing quote at the end of each bin: ``bid``, ``bid_size``, ``ask``, ``ask_size``.

    Parameters
    ----------
    quotes
        One day's quotes, including those before the first bin.
    bins
        The bins.
    """
    prevailing = rows_as_of(quotes, bins.ends, inclusive=bins.includes_end)
    return {name: prevailing[name] for name in ("bid", "bid_size", "ask", "ask_size")}


def _reduce(
    function: np.ufunc, values: Floats | Integers, first: npt.NDArray[np.intp], stop: npt.NDArray[np.intp]
) -> pa.Array:
    filled = first < stop
    # Without the empty bins, each bin ends where the next one starts, as reduceat expects.
    reduced = function.reduceat(values[: stop[-1]], first[filled]) if filled.any() else values[:0]
    return pa.array(reduced).take(pa.array(np.cumsum(filled) - 1, mask=~filled))
