"""Bars: ticks summarized by time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.sandbox.answers.asof import in_time_order, rows_as_of
from tickframe.sandbox.answers.selection import nanoseconds


class Bins(NamedTuple):
    """Time bins that follow one another, in nanoseconds since midnight, int64.

    A bin holds its start and not its end, except the last, which holds its end too: so each tick of the
    window is in one bin.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    @property
    def holds_end(self) -> npt.NDArray[np.bool_]:
        """Whether a bin holds its end."""
        holds = np.zeros(len(self.ends), dtype=np.bool_)
        holds[-1] = True
        return holds


def time_bins(from_time: int, to_time: int, size: int) -> Bins:
    """Cut a window into bins.

    Parameters
    ----------
    from_time, to_time
        The window in nanoseconds since midnight. The last bin closes at ``to_time``, and is shorter where
        the window is no multiple of ``size``.
    size
        A bin's length in nanoseconds.
    """
    starts = np.arange(from_time, max(to_time, from_time + 1), size, dtype=np.int64)
    return Bins(starts, np.minimum(starts + size, to_time))


def trade_bars(trades: pa.Table, bins: Bins) -> dict[str, pa.Array]:
    """Summarize trades by bin.

    Parameters
    ----------
    trades
        One day's trades. Those without a price are not counted.
    bins
        The bins.

    Returns
    -------
    dict
        One value a bin: ``open``, ``high``, ``low``, ``close`` (double) and ``trade_condition`` (of the last
        trade), null for a bin without trades; ``trade_count`` and ``volume`` (int64), 0 for one.
    """
    priced = pc.and_(pc.is_valid(trades["trade"]), pc.invert(pc.is_nan(trades["trade"])))
    trades = in_time_order(trades.filter(pc.fill_null(priced, fill_value=False)))
    times = nanoseconds(trades)
    first = np.searchsorted(times, bins.starts, side="left")
    behind = np.where(
        bins.holds_end, np.searchsorted(times, bins.ends, side="right"), np.searchsorted(times, bins.ends, side="left")
    )
    count = behind - first
    empty = count == 0
    price = trades["trade"].to_numpy()
    size = pc.fill_null(trades["trade_size"], 0).to_numpy()
    return {
        "open": trades["trade"].take(pa.array(first, mask=empty)),
        "high": _reduce(np.maximum, price, first, behind),
        "low": _reduce(np.minimum, price, first, behind),
        "close": trades["trade"].take(pa.array(behind - 1, mask=empty)),
        "trade_condition": trades["trade_condition"].take(pa.array(behind - 1, mask=empty)),
        "trade_count": pa.array(count),
        "volume": pc.fill_null(_reduce(np.add, size, first, behind), 0),
    }


def quote_bars(quotes: pa.Table, bins: Bins) -> dict[str, pa.ChunkedArray]:
    """Return the quote that stood at the end of each bin: ``bid``, ``bid_size``, ``ask``, ``ask_size``.

    Parameters
    ----------
    quotes
        One day's quotes, those before the first bin included.
    bins
        The bins.
    """
    standing = rows_as_of(quotes, bins.ends, inclusive=bins.holds_end)
    return {name: standing[name] for name in ("bid", "bid_size", "ask", "ask_size")}


def _reduce(
    function: np.ufunc,
    values: npt.NDArray[np.float64] | npt.NDArray[np.int64],
    first: npt.NDArray[np.intp],
    behind: npt.NDArray[np.intp],
) -> pa.Array:
    filled = first < behind
    # Without the empty bins, each ends where the next begins, as reduceat has it.
    reduced = function.reduceat(values[: behind[-1]], first[filled]) if filled.any() else values[:0]
    return pa.array(reduced).take(pa.array(np.cumsum(filled) - 1, mask=~filled))
