"""The most recent row as of a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tickframe.sandbox.answers.selection import nanoseconds


def in_time_order(ticks: pa.Table) -> pa.Table:
    """Return the ticks ordered by time; those of one time keep their order."""
    times = nanoseconds(ticks)
    if np.all(times[1:] >= times[:-1]):
        return ticks
    return ticks.take(np.argsort(times, kind="stable"))


def rows_as_of(ticks: pa.Table, times: npt.NDArray[np.int64], *, inclusive: bool | npt.NDArray[np.bool_]) -> pa.Table:
    """Return for each time the most recent tick's row.

    Parameters
    ----------
    ticks
        One day's ticks. Of several at one time the last is the most recent.
    times
        Nanoseconds since midnight, int64.
    inclusive
        Whether a tick at the time itself counts, for all times or for each.

    Returns
    -------
    pyarrow.Table
        As many rows as ``times``, of the columns of ``ticks``; all null where no tick was yet.
    """
    ticks = in_time_order(ticks)
    known = nanoseconds(ticks)
    if isinstance(inclusive, bool):
        row = np.searchsorted(known, times, side="right" if inclusive else "left") - 1
    else:
        through = np.searchsorted(known, times, side="right")
        before = np.searchsorted(known, times, side="left")
        row = np.where(inclusive, through, before) - 1
    return ticks.take(pa.array(row, mask=row < 0))
