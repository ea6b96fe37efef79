"""A folder of Parquet ticks of any size, for a sandbox to serve."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.frames import QUOTES, SYMBOL, TRADES, make_table

__all__ = ["DAY", "SYMBOL", "write_market"]

DAY = dt.date(2016, 5, 5)


def write_market(folder: Path, rows: int, days: int = 1) -> None:
    """Write days of trades and as many quotes, with nulls where a real day has them.

    Parameters
    ----------
    folder
        Gets ``trades/`` and ``quotes/`` with a file each.
    rows
        How many trades, and how many quotes, each day.
    days
        How many days, from ``DAY`` on.
    """
    for seed, answer in enumerate((TRADES, QUOTES)):
        table = make_table(answer, rows, seed)
        # Parquet has no durations of its own: other tools read times of day.
        times = table.column("time").cast(pa.int64()).cast(pa.time64("ns"))
        table = table.set_column(table.schema.get_field_index("time"), "time", times)
        dates = [pa.nulls(rows, pa.date32()).fill_null(pa.scalar(DAY + dt.timedelta(days=day))) for day in range(days)]
        place = table.schema.get_field_index("date")
        (folder / answer.name).mkdir(parents=True)
        pq.write_table(
            pa.concat_tables([table.set_column(place, "date", date) for date in dates]),
            folder / answer.name / f"{SYMBOL}_{DAY}.parquet",
        )
