"""A folder of Parquet ticks of any size, for a sandbox to serve."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SYMBOL = "BIG.N"
DAY = dt.date(2016, 5, 5)

_NANOSECONDS_PER_DAY = 86_400 * 10**9


def write_market(folder: Path, rows: int, seed: int = 0) -> None:
    """Write a day of trades and as many quotes, with nulls where a real day has them.

    Parameters
    ----------
    folder
        Gets ``trades/`` and ``quotes/`` with a file each.
    rows
        How many trades, and how many quotes.
    seed
        What the day is drawn from.
    """
    random = np.random.default_rng(seed)
    price = np.round(100 + np.cumsum(random.choice([-0.01, 0, 0.01], rows)), 2)
    common = {
        "symbol": pa.array(np.full(rows, SYMBOL), pa.string()),
        "date": pa.array(np.full(rows, (DAY - dt.date(1970, 1, 1)).days, dtype=np.int32)).cast(pa.date32()),
    }
    trades = common | {
        "time": _times(random, rows),
        "trade": pa.array(price),
        "trade_size": pa.array(random.integers(1, 5000, rows)),
        "trade_condition": pa.array(random.choice(["", "A", "AT", "OTC"], rows)),
    }
    no_bid = random.random(rows) < 0.001
    quotes = common | {
        "time": _times(random, rows),
        "ask": pa.array(price + 0.01),
        "ask_size": pa.array(random.integers(1, 9000, rows)),
        "bid": pa.array(price - 0.01, mask=no_bid),
        "bid_size": pa.array(random.integers(1, 9000, rows), mask=no_bid),
    }
    for name, columns in {"trades": trades, "quotes": quotes}.items():
        (folder / name).mkdir(parents=True)
        pq.write_table(pa.table(columns), folder / name / f"{SYMBOL}_{DAY}.parquet")


def _times(random: np.random.Generator, rows: int) -> pa.Array:
    return pa.array(np.sort(random.integers(0, _NANOSECONDS_PER_DAY, rows)), pa.time64("ns"))
