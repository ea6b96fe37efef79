"""A market of the user's own ticks, in Parquet files."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tickframe.sandbox.market.interface import EXCHANGES_SCHEMA, SYMBOLS_SCHEMA, Reference, TradeCondition

# The columns of each folder after symbol and date.
_COLUMNS: Mapping[str, Mapping[str, pa.DataType]] = {
    "trades": {
        "time": pa.duration("ns"),
        "trade": pa.float64(),
        "trade_size": pa.int64(),
        "trade_condition": pa.string(),
    },
    "quotes": {
        "time": pa.duration("ns"),
        "ask": pa.float64(),
        "ask_size": pa.int64(),
        "bid": pa.float64(),
        "bid_size": pa.int64(),
    },
}

# The quotes of a busy day take 50 MB.
_TABLES_IN_MEMORY = 8

_CONDITION = TradeCondition("A condition of your own data", "Lit", continuous_session=True)


class _RowGroup(NamedTuple):
    """A row group with ticks of a symbol and a day."""

    path: Path
    number: int


_Index = dict[tuple[str, dt.date], list[_RowGroup]]


class ParquetMarket:
    """The ticks of ``trades/*.parquet`` and ``quotes/*.parquet`` as source ``LOCAL``.

    A file can hold any number of symbols and days. Values, nulls and the order of rows are those of the
    files. All trades count as regular, in the continuous session and not cancelled.

    Parameters
    ----------
    folder
        A folder with ``trades/*.parquet`` (columns symbol, date, time, trade, trade_size, trade_condition),
        ``quotes/*.parquet`` (symbol, date, time, ask, ask_size, bid, bid_size), or both. ``date`` is a date,
        ``time`` a time of day or a duration since midnight.

    Raises
    ------
    ValueError
        If the folder does not hold such files.
    """

    sources = ("LOCAL",)

    #: The files hold ticks, and nothing else that exchanges publish.
    venue = None

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        root = Path(folder)
        self._index = {name: _index(root / name, columns) for name, columns in _COLUMNS.items()}
        if not any(self._index.values()):
            trades, quotes = (", ".join(columns) for columns in _COLUMNS.values())
            raise ValueError(
                f"no ticks in {root}: expected {root / 'trades'}/*.parquet with columns symbol, date, "
                f"{trades}, or {root / 'quotes'}/*.parquet with symbol, date, {quotes}"
            )
        self._days: dict[str, tuple[dt.date, dt.date]] = {}
        for symbol, day in sorted({key for index in self._index.values() for key in index}):
            first, _ = self._days.get(symbol, (day, day))
            self._days[symbol] = (first, day)
        self._ticks = lru_cache(_TABLES_IN_MEMORY)(self._read)
        self._root = root

    @property
    def fingerprint(self) -> str:
        """A digest of the names, sizes and modification times of the files."""
        files = sorted({group.path for index in self._index.values() for groups in index.values() for group in groups})
        stats = [(str(path.relative_to(self._root)), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
        return f"own ticks {hashlib.sha256(repr(stats).encode()).hexdigest()[:16]}"

    def exchanges(self) -> pa.Table:
        """Return one row per suffix of the symbols; what the files do not state is empty."""
        rows = []
        for suffix in sorted({_suffix(symbol) for symbol in self._days}):
            days = [days for symbol, days in self._days.items() if _suffix(symbol) == suffix]
            rows.append(
                {
                    "region": "",
                    "exchange": suffix,
                    "name": suffix,
                    "abbreviation": suffix,
                    "first_day": min(first for first, _ in days),
                    "last_day": max(last for _, last in days),
                    "feeds": [],
                }
            )
        return pa.Table.from_pylist(rows, EXCHANGES_SCHEMA)

    def symbols(self) -> pa.Table:
        """Return one row per symbol, ordered by symbol; what the files do not state is empty."""
        rows = [
            dict.fromkeys(SYMBOLS_SCHEMA.names, "")
            | {
                "exchange": _suffix(symbol),
                "symbol": symbol,
                "name": symbol,
                "local_code": _local_code(symbol),
                "first_day": first,
                "last_day": last,
            }
            for symbol, (first, last) in self._days.items()
        ]
        return pa.Table.from_pylist(rows, SYMBOLS_SCHEMA)

    def lists(self, symbol: str) -> bool:
        """Return whether a file has ticks of the symbol."""
        return symbol in self._days

    def is_open(self, symbol: str, day: dt.date) -> bool:
        """Return whether a file has ticks of the symbol on the day."""
        return any((symbol, day) in index for index in self._index.values())

    def reference(self, symbol: str) -> Reference:
        """Return what the symbol itself states."""
        return Reference("", {"symbol": symbol, "local_code": _local_code(symbol), "name": symbol})

    def condition(self, code: str) -> TradeCondition:  # noqa: ARG002 - the files do not explain their conditions
        """Return the same meaning for every condition."""
        return _CONDITION

    def trades(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the trades of a day in the order of the files; None if there are none."""
        return self._ticks("trades", symbol, day)

    def quotes(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the quotes of a day in the order of the files; None if there are none."""
        return self._ticks("quotes", symbol, day)

    def _read(self, folder: str, symbol: str, day: dt.date) -> pa.Table | None:
        groups = self._index[folder].get((symbol, day))
        if groups is None:
            return None
        columns = _COLUMNS[folder]
        tables = []
        for path, number in groups:
            with pq.ParquetFile(path) as file:
                table = file.read_row_group(number, columns=["symbol", "date", *columns])
            keys = _keys(table)
            wanted = pc.and_(pc.equal(keys["symbol"], symbol), pc.equal(keys["date"], pa.scalar(day)))
            tables.append(_market_types(table.filter(wanted), columns))
        ticks = pa.concat_tables(tables).combine_chunks()
        if "trade_condition" in columns:
            place = ticks.column_names.index("trade_condition")
            ticks = ticks.set_column(place, "trade_condition", ticks["trade_condition"].dictionary_encode())
        return ticks


def _index(folder: Path, columns: Mapping[str, pa.DataType]) -> _Index:
    index: _Index = {}
    for path in sorted(folder.glob("*.parquet")):
        try:
            file = pq.ParquetFile(path)
        except pa.ArrowInvalid as error:
            raise ValueError(f"{path} is not a Parquet file: {error}") from error
        with file:
            schema = file.schema_arrow
            missing = [name for name in ("symbol", "date", *columns) if name not in schema.names]
            if missing:
                raise ValueError(f"{path} has no column {', '.join(missing)}: it has {', '.join(schema.names)}")
            time = schema.field("time").type
            if not (pa.types.is_time(time) or pa.types.is_duration(time)):
                raise ValueError(
                    f"column time of {path} is of type {time}: expected a time of day or a duration since midnight"
                )
            for number in range(file.num_row_groups):
                for key in _symbols_and_days(file, number):
                    if None in key:
                        raise ValueError(f"{path} has rows without a symbol or a date: remove them or fill them in")
                    index.setdefault(key, []).append(_RowGroup(path, number))
    return index


def _symbols_and_days(file: pq.ParquetFile, number: int) -> list[tuple[str, dt.date]]:
    group = file.metadata.row_group(number)
    statistics = {
        group.column(place).path_in_schema: group.column(place).statistics for place in range(group.num_columns)
    }
    keys = [statistics["symbol"], statistics["date"]]
    if all(key is not None and key.has_min_max and key.min == key.max and key.null_count == 0 for key in keys):
        # Usually a row group holds one symbol and day, and need not be read.
        return [(keys[0].max, keys[1].max)]
    pairs = _keys(file.read_row_group(number, columns=["symbol", "date"]))
    distinct = pairs.group_by(["symbol", "date"], use_threads=False).aggregate([])
    return [(pair["symbol"], pair["date"]) for pair in distinct.to_pylist()]


def _keys(table: pa.Table) -> pa.Table:
    """Return symbols as strings and dates as dates, in whatever types the file has them."""
    return pa.table({"symbol": table["symbol"].cast(pa.string()), "date": table["date"].cast(pa.date32())})


def _market_types(table: pa.Table, columns: Mapping[str, pa.DataType]) -> pa.Table:
    if pa.types.is_time(table["time"].type):
        # Arrow does not cast times of day to durations.
        since_midnight = table["time"].cast(pa.time64("ns")).cast(pa.int64())
        table = table.set_column(table.column_names.index("time"), "time", since_midnight)
    return table.select(list(columns)).cast(pa.schema(columns))


def _suffix(symbol: str) -> str:
    return symbol.rpartition(".")[2] if "." in symbol else ""


def _local_code(symbol: str) -> str:
    return symbol.rpartition(".")[0] or symbol
