"""NumPy arrays of ticks, and their times: nanoseconds since midnight in NumPy, durations in Arrow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

#: A second in nanoseconds.
SECOND = 10**9


def nanoseconds(ticks: pa.Table) -> Integers:
    """Return the column ``time`` in nanoseconds since midnight."""
    times: Integers = ticks["time"].cast(pa.int64()).to_numpy()
    return times


def durations(since_midnight: Integers) -> pa.Array:
    """Return nanoseconds since midnight as durations."""
    return pa.array(since_midnight.view("timedelta64[ns]"))
