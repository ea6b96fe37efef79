"""Conversion of Arrow tables of many chunks to DataFrames: time relative to pyarrow's own, and peak memory.

``python -m benchmarks.conversion CHUNKS ORDER`` measures the memory in a process of its own.
"""

from __future__ import annotations

import gc
import itertools
import json
import sys
from collections.abc import Iterator
from functools import partial

import pandas as pd
import pyarrow as pa

from benchmarks.frames import TRADES, make_frame
from benchmarks.markdown import milliseconds, table, times
from benchmarks.memory import peak_resident, reset_peak
from benchmarks.services import child_process
from benchmarks.timing import interleaved
from tickframe.arrow_to_pandas import FrameBuilder, to_dataframe
from tickframe.timestamps import TIMESTAMP, TimestampColumn
from tickframe.wire.reader import read_batches

_ROUNDS = 7
_CHUNKS = (1, 50, 100)
_ROWS = 100_000
_PARTS = 200


def conversion_section() -> str:
    """Time the conversion of tables, and measure the peak memory of one."""
    rows = []
    for chunks in _CHUNKS:
        trades = _trades(chunks)
        timings = interleaved(
            {"tickframe": partial(to_dataframe, trades, index=TIMESTAMP), "pyarrow": trades.to_pandas},
            _ROUNDS,
        )
        what = f"{chunks} chunk{'s' if chunks > 1 else ''} of {_ROWS:,} rows, relative to `Table.to_pandas()`"
        took = milliseconds(timings["tickframe"].median)
        rows.append((what, took, times(timings["tickframe"].ratio(timings["pyarrow"])), "at most 1.5x"))
    for order, target in (("parts", "at most 1.3x"), ("time", "at most 2x")):
        with child_process("benchmarks.conversion", str(_PARTS), order) as (_, output):
            peak = json.load(output)
        what = f'peak memory of {_PARTS} responses of {_ROWS:,} rows, `order="{order}"`, relative to the DataFrame'
        rows.append((what, "", times(peak["growth"] / peak["frame"]), target))
    return (
        "## Conversion\n\nTrades from Arrow to a DataFrame with a `DatetimeIndex`, labels, prices and integers with "
        "nulls. pyarrow makes floats of integers with nulls, and no index.\n\n"
        + table(("what", "time", "result", "target"), rows)
    )


def _trades(chunks: int) -> pa.Table:
    return pa.Table.from_batches(_batches(make_frame(TRADES, _ROWS).framed, chunks))


def _batches(framed: bytes, chunks: int) -> Iterator[pa.RecordBatch]:
    """Decode a response many times; each batch has memory of its own, as batches of several responses have."""
    assert TRADES.timestamp is not None
    timestamp = TimestampColumn(*TRADES.timestamp)
    return (timestamp.convert(batch) for _ in range(chunks) for batch in read_batches(framed, TRADES.columns))


def _build(framed: bytes, chunks: int, *, sort: bool = False) -> pd.DataFrame:
    """Convert batches as `Query.to_pandas` does."""
    batches = _batches(framed, chunks)
    first = next(batches)
    builder = FrameBuilder(first.schema, index=TIMESTAMP)
    for batch in itertools.chain([first], batches):
        builder.append(batch)
    return builder.finish(sort=sort)


def _main(chunks: str, order: str) -> None:
    framed = make_frame(TRADES, _ROWS).framed
    # What is loaded and built once does not count.
    _build(framed, 2, sort=True)
    gc.collect()
    before = reset_peak()
    # The responses are of one day: by time all of them are merged.
    frame = _build(framed, int(chunks), sort=order == "time")
    growth = peak_resident() - before
    print(json.dumps({"growth": growth, "frame": int(frame.memory_usage(deep=True).sum())}))


if __name__ == "__main__":
    _main(*sys.argv[1:])
