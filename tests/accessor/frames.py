"""Hypothesis strategies for frames of ticks, in the forms that ``Query.to_pandas()`` returns."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tickframe.arrow_to_pandas import to_dataframe
from tickframe.timestamps import TIMESTAMP, TimestampColumn

# No test is timed.
examples = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

BACKENDS = [None, "numpy_nullable", "pyarrow"]

_SECOND = 10**9
# A day on which clocks in Berlin went forward, the next day, and one on which they went back.
_DAYS = [16_887, 16_888, 17_104]
_LABEL = pa.dictionary(pa.int32(), pa.string())

days = st.sampled_from(_DAYS)
# Many at the same time, many a nanosecond apart, and some at the start and the end of the day.
times = st.one_of(
    st.integers(9 * 3600 * _SECOND, 9 * 3600 * _SECOND + 3),
    st.integers(9 * 3600, 9 * 3600 + 200).map(lambda seconds: seconds * _SECOND),
    st.sampled_from([0, 1, 4 * 3600 * _SECOND, 86_400 * _SECOND - 1]),
)
prices = st.one_of(st.none(), st.integers(4000, 4020).map(lambda cents: cents / 100))
sizes = st.one_of(st.none(), st.integers(0, 300), st.sampled_from([2**53 + 1, 2**55 - 1]))
symbols = st.sampled_from(["ZAL.XE", "ADS.XE", "SAP.XE"])
backends = st.sampled_from(BACKENDS)
time_zones = st.sampled_from([None, "Europe/Berlin"])


def _table(columns, names, types):
    return pa.table({name: pa.array(values, kind) for name, values, kind in zip(names, columns, types, strict=True)})


def tables(names, types, *values):
    """Make tables of ticks of several symbols and days in random order."""
    row = st.tuples(symbols, days, times, *values)
    return st.lists(row, max_size=30).map(
        lambda rows: _table(
            list(zip(*rows, strict=True)) or [[]] * (3 + len(names)),
            ["symbol", "date", "time", *names],
            [_LABEL, pa.date32(), pa.duration("ns"), *types],
        )
    )


trades = tables(["trade", "trade_size"], [pa.float64(), pa.int64()], prices, sizes)
quotes = tables(
    ["ask", "ask_size", "bid", "bid_size"],
    [pa.float64(), pa.int64(), pa.float64(), pa.int64()],
    prices,
    sizes,
    prices,
    sizes,
)


def frame_of(table, backend=None, tz=None):
    """Convert a table as ``Query.to_pandas(dtype_backend=backend, tz=tz)`` does."""
    timestamp = TimestampColumn.of(("date", "time"), tz)
    converted = [timestamp.convert(batch) for batch in table.to_batches()]
    return to_dataframe(
        pa.Table.from_batches(converted, timestamp.schema(table.schema)), index=TIMESTAMP, dtype_backend=backend
    )


def without_index(table, backend=None):
    """Convert a table as ``Query.to_pandas(index=None)`` does."""
    return to_dataframe(table, dtype_backend=backend)
