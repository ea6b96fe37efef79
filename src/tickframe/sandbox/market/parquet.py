"""A market of your own ticks: Parquet files in a folder."""

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

_TRADES = ("time", "trade", "trade_size", "trade_condition")
_QUOTES = ("time", "ask", "ask_size", "bid", "bid_size")

_FOLDERS: Mapping[str, tuple[str, ...]] = {"trades": _TRADES, "quotes": _QUOTES}

_TYPES: Mapping[str, pa.DataType] = {
    "trade": pa.float64(),
    "trade_size": pa.int64(),
    "trade_condition": pa.string(),
    "ask": pa.float64(),
    "ask_size": pa.int64(),
    "bid": pa.float64(),
    "bid_size": pa.int64(),
}

# A busy day of quotes takes 50 MB.
_TABLES_IN_MEMORY = 8

_OWN_CONDITION = TradeCondition("A condition of your own data", "regular", continuous_session=True)


class _Piece(NamedTuple):
    """A row group that holds ticks of a symbol and a day."""

    path: Path
    row_group: int


_Index = dict[tuple[str, dt.date], list[_Piece]]


class ParquetMarket:
    """The ticks of ``trades/*.parquet`` and ``quotes/*.parquet`` as source ``LOCAL``.

    A file can hold one symbol and day or several. Values, nulls and the order of rows are those of the
    files; all trades count as regular, in the continuous session and uncancelled.

    Parameters
    ----------
    folder
        It holds ``trades/*.parquet`` with columns symbol, date, time, trade, trade_size, trade_condition, or
        ``quotes/*.parquet`` with symbol, date, time, ask, ask_size, bid, bid_size, or both. ``date`` is a date,
        ``time`` a time of day or a duration since midnight.

    Raises
    ------
    ValueError
        If the folder does not hold such files.
    """

    sources = ("LOCAL",)

    #: Files hold ticks, and nothing else that an exchange publishes.
    venue = None

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        root = Path(folder)
        self._index = {name: _index(root / name, columns) for name, columns in _FOLDERS.items()}
        if not any(self._index.values()):
            raise ValueError(
                f"{root} holds no ticks: expected {root / 'trades'}/*.parquet with columns symbol, date, "
                f"{', '.join(_TRADES)}, or {root / 'quotes'}/*.parquet with symbol, date, {', '.join(_QUOTES)}"
            )
        self._days: dict[str, tuple[dt.date, dt.date]] = {}
        for symbol, day in sorted({key for index in self._index.values() for key in index}):
            first, _ = self._days.get(symbol, (day, day))
            self._days[symbol] = (first, day)
        self._ticks = lru_cache(_TABLES_IN_MEMORY)(self._read)
        self._root = root

    @property
    def fingerprint(self) -> str:
        """The folder's files: their names, sizes and times of change."""
        files = sorted({piece.path for index in self._index.values() for pieces in index.values() for piece in pieces})
        stats = [(str(path.relative_to(self._root)), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
        return f"own ticks {hashlib.sha256(repr(stats).encode()).hexdigest()[:16]}"

    def exchanges(self) -> pa.Table:
        """Return one row per suffix of the symbols; what files do not say is empty."""
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
        """Return one row per symbol; what files do not say is empty."""
        rows = [
            {
                "region": "",
                "exchange": _suffix(symbol),
                "symbol": symbol,
                "name": symbol,
                "isin": "",
                "local_code": _local_code(symbol),
                "currency": "",
                "market_segment": "",
                "entity_class": "",
                "first_day": first,
                "last_day": last,
            }
            for symbol, (first, last) in self._days.items()
        ]
        return pa.Table.from_pylist(rows, SYMBOLS_SCHEMA)

    def lists(self, symbol: str) -> bool:
        """Tell whether a file has ticks of the symbol."""
        return symbol in self._days

    def is_open(self, symbol: str, day: dt.date) -> bool:
        """Tell whether a file has ticks of the symbol on the day."""
        return any((symbol, day) in index for index in self._index.values())

    def reference(self, symbol: str) -> Reference:
        """Return the symbol and what it says; files know no more."""
        return Reference("", {"symbol": symbol, "local_code": _local_code(symbol), "name": symbol})

    def condition(self, code: str) -> TradeCondition:  # noqa: ARG002 - files do not explain their codes
        """Return the same for every condition."""
        return _OWN_CONDITION

    def trades(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the files' trades of a day in their order; None where there are none."""
        return self._ticks("trades", symbol, day)

    def quotes(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the files' quotes of a day in their order; None where there are none."""
        return self._ticks("quotes", symbol, day)

    def _read(self, folder: str, symbol: str, day: dt.date) -> pa.Table | None:
        pieces = self._index[folder].get((symbol, day))
        if pieces is None:
            return None
        columns = _FOLDERS[folder]
        tables = []
        for path, row_group in pieces:
            with pq.ParquetFile(path) as file:
                table = file.read_row_group(row_group, columns=["symbol", "date", *columns])
            mine = pc.and_(pc.equal(_names(table["symbol"]), symbol), pc.equal(_days(table["date"]), pa.scalar(day)))
            tables.append(_market_types(table.filter(mine), columns))
        ticks = pa.concat_tables(tables).combine_chunks()
        if "trade_condition" in columns:
            place = ticks.column_names.index("trade_condition")
            ticks = ticks.set_column(place, "trade_condition", ticks["trade_condition"].dictionary_encode())
        return ticks


def _index(folder: Path, columns: tuple[str, ...]) -> _Index:
    index: _Index = {}
    for path in sorted(folder.glob("*.parquet")):
        try:
            file = pq.ParquetFile(path)
        except pa.ArrowInvalid as error:
            raise ValueError(f"{path} is no Parquet file: {error}") from error
        with file:
            missing = [name for name in ("symbol", "date", *columns) if name not in file.schema_arrow.names]
            if missing:
                raise ValueError(
                    f"{path} has no column {', '.join(missing)}: it has {', '.join(file.schema_arrow.names)}"
                )
            if not _is_time_of_day(file.schema_arrow.field("time").type):
                raise ValueError(
                    f"column time of {path} is of type {file.schema_arrow.field('time').type}: "
                    "expected a time of day or a duration since midnight"
                )
            for row_group in range(file.num_row_groups):
                for key in _symbols_and_days(file, row_group):
                    if None in key:
                        raise ValueError(f"{path} has rows without a symbol or a date: these cannot be asked for")
                    index.setdefault(key, []).append(_Piece(path, row_group))
    return index


def _symbols_and_days(file: pq.ParquetFile, row_group: int) -> list[tuple[str, dt.date]]:
    group = file.metadata.row_group(row_group)
    statistics = {
        group.column(place).path_in_schema: group.column(place).statistics for place in range(group.num_columns)
    }
    keys = [statistics["symbol"], statistics["date"]]
    if all(key is not None and key.has_min_max and key.min == key.max and key.null_count == 0 for key in keys):
        # The usual file of one symbol and day is known without reading it.
        return [(keys[0].max, keys[1].max)]
    pairs = file.read_row_group(row_group, columns=["symbol", "date"])
    pairs = pa.table({"symbol": _names(pairs["symbol"]), "date": _days(pairs["date"])})
    distinct = pairs.group_by(["symbol", "date"], use_threads=False).aggregate([])
    return [(pair["symbol"], pair["date"]) for pair in distinct.to_pylist()]


def _is_time_of_day(kind: pa.DataType) -> bool:
    return bool(pa.types.is_time(kind) or pa.types.is_duration(kind))


def _market_types(table: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    return pa.table(
        [_since_midnight(table[name]) if name == "time" else table[name].cast(_TYPES[name]) for name in columns],
        names=list(columns),
    )


def _since_midnight(times: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_time(times.type):
        times = times.cast(pa.time64("ns")).cast(pa.int64())
    return times.cast(pa.duration("ns"))


def _names(symbols: pa.ChunkedArray) -> pa.ChunkedArray:
    return symbols.cast(pa.string())


def _days(dates: pa.ChunkedArray) -> pa.ChunkedArray:
    return dates.cast(pa.date32())


def _suffix(symbol: str) -> str:
    return symbol.rpartition(".")[2] if "." in symbol else ""


def _local_code(symbol: str) -> str:
    return symbol.rpartition(".")[0] or symbol
