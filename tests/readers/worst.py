"""Ticks with the values that readers change most often, and rows of any reader as plain values."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

#: In the order of the request. The last one has no ticks on the second day.
SYMBOLS = ["0700", "ZAL.XE", "zal.xe", "NA", "TRUE", "1e5", "VOD.L"]
#: Those that can be names of directories.
SAFE_SYMBOLS = ["ZAL.XE", "zal.xe", "NA", "VOD.L"]
DAYS = (dt.date(2016, 5, 2), dt.date(2016, 5, 3))
#: Two time zones, one for symbols without a suffix too.
ZONES = {"XE": "Europe/Berlin", "xe": "Europe/Berlin", "L": "Europe/London", "": "Asia/Hong_Kong"}

_NINE = 9 * 3600 * 10**9
_CENT = 10**9

Ticks = list["Tick"]


class Tick(NamedTuple):
    """A row: nanoseconds since 1970, and the hexadecimal form of a price, which distinguishes -0.0 from 0.0."""

    timestamp: int | None
    symbol: str | None
    trade: str | None
    trade_size: int | None
    trade_condition: str | None


# Time of day, price, size, condition. NaN is the null of a price on the wire, and strings have none.
_ROWS: list[tuple[int, float | None, int | None, str]] = [
    (_NINE + 1, 1.5, 2**53 + 1, "A"),
    (_NINE + 2, -0.0, -(2**53) - 1, ""),
    (_NINE + 2, 0.0, 0, "NA"),
    (_NINE + 999, math.nan, None, "null"),
    (_NINE + 1_000, 5e-324, 2**63 - 1, "0700"),
    (_NINE + _CENT, 0.1 + 0.2, -(2**63) + 1, "TRUE"),
    (24 * _NINE // 9 - 1, None, 1, "\u00e9\u65e5 '\","),
]


def rows(symbols: Iterable[str] = SYMBOLS) -> Ticks:
    """Return the ticks of symbols in the order of the parts: day by day, and within a day symbol by symbol."""
    found = []
    for day in DAYS:
        midnight = (day - dt.date(1970, 1, 1)).days * 86_400 * 10**9
        for symbol in symbols:
            if symbol == "VOD.L" and day == DAYS[1]:
                continue
            for time, trade, size, condition in _ROWS:
                found.append(Tick(midnight + time, symbol, in_hexadecimal(trade), size, condition))
    return found


def by_time(ticks: Ticks) -> Ticks:
    """Return ticks in order of time, those of the same time in the order given."""
    return sorted(ticks, key=lambda tick: tick.timestamp or 0)


def in_any_order(ticks: Iterable[Tick]) -> Ticks:
    """Return ticks in an order that depends on their values alone."""
    return sorted(ticks, key=repr)


def in_hexadecimal(price: Any) -> str | None:
    """Return a price as text that is exact; None for null and NaN."""
    return None if price is None or price is _missing(price) or math.isnan(price) else float(price).hex()


def write_market(folder: Path) -> None:
    """Write the ticks into files that the sandbox serves."""
    (folder / "trades").mkdir(parents=True)
    keys = [(day, symbol) for day in DAYS for symbol in SYMBOLS if symbol != "VOD.L" or day == DAYS[0]]
    of_row = [(day, symbol, *values) for day, symbol in keys for values in _ROWS]
    days, symbols, times, trades, sizes, conditions = map(list, zip(*of_row, strict=True))
    table = pa.table(
        {
            "symbol": symbols,
            "date": days,
            "time": pa.array(times, pa.duration("ns")),
            "trade": pa.array([None if each is None or math.isnan(each) else each for each in trades], pa.float64()),
            "trade_size": pa.array(sizes, pa.int64()),
            "trade_condition": conditions,
        }
    )
    pq.write_table(table, folder / "trades" / "worst.parquet")


def ticks_of(columns: dict[str, list[Any]]) -> Ticks:
    """Return the ticks in columns of plain values, whatever their order; timestamps are integers or None."""
    assert set(columns) >= set(Tick._fields), sorted(columns)
    return [
        Tick(
            _plain(timestamp),
            _plain(symbol),
            in_hexadecimal(trade),
            _plain(size),
            _plain(condition),
        )
        for timestamp, symbol, trade, size, condition in zip(*(columns[name] for name in Tick._fields), strict=True)
    ]


def ticks_of_arrow(table: pa.Table) -> Ticks:
    """Return the ticks in an Arrow table with timestamps in nanoseconds."""
    kind = table.schema.field("timestamp").type
    assert kind.unit == "ns", kind
    columns = {name: table[name].to_pylist() for name in Tick._fields if name != "timestamp"}
    return ticks_of({"timestamp": table["timestamp"].cast(pa.int64()).to_pylist(), **columns})


def ticks_of_pandas(frame: Any) -> Ticks:
    """Return the ticks in a DataFrame, whose timestamps are the index or a column."""
    if frame.index.name == "timestamp":
        frame = frame.reset_index()
    kind = frame["timestamp"].dtype
    assert "ns" in str(kind), kind
    columns = {name: frame[name].astype(object).tolist() for name in Tick._fields if name != "timestamp"}
    timestamps = [None if _plain(each) is None else each.value for each in frame["timestamp"]]
    return ticks_of({"timestamp": timestamps, **columns})


def ticks_of_polars(frame: Any) -> Ticks:
    """Return the ticks in a Polars frame."""
    assert frame["timestamp"].dtype.time_unit == "ns"
    columns = {name: frame[name].to_list() for name in Tick._fields if name != "timestamp"}
    return ticks_of({"timestamp": frame["timestamp"].to_physical().to_list(), **columns})


DUCKDB_COLUMNS = "epoch_ns(timestamp), symbol, trade, trade_size, trade_condition"


def ticks_of_duckdb(relation: Any) -> Ticks:
    """Return the ticks of a DuckDB relation that selects ``DUCKDB_COLUMNS``."""
    values = list(zip(*relation.fetchall(), strict=True))
    return ticks_of(dict(zip(Tick._fields, map(list, values), strict=True)))


def _missing(value: Any) -> Any:
    """Return the value itself if it is a missing value of pandas."""
    return value if type(value).__name__ in ("NAType", "NaTType") else None


def _plain(value: Any) -> Any:
    """Return None for the missing values of pandas, and any other value unchanged."""
    missing = value is None or type(value).__name__ in ("NAType", "NaTType")
    return None if missing or (isinstance(value, float) and math.isnan(value)) else value
