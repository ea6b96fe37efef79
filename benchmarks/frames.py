"""Synthetic tables of ticks, orders and symbols, and the frames that carry them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.catalogue import FUNCTIONS, Column, ColumnKind, TickDataType
from tickframe.wire.contract import Value
from tickframe.wire.encode import encode_response

SYMBOL = "BIG.N"

# Of the values of each nullable column; at least one is null.
_NULL_SHARE = 0.001

_DAY = 16_926  # 2016-05-05
_OPEN = 9 * 3_600 * 10**9
_CLOSE = 17 * 3_600 * 10**9 + 30 * 60 * 10**9

_CONDITIONS = ("", "A", "AT", "OTC", "X")
_CONDITION_SHARES = (0.72, 0.12, 0.1, 0.05, 0.01)

_ACTIONS = ("ADD", "DELETE", "TRADE")


@dataclass(frozen=True)
class ResponseKind:
    """A kind of response.

    Attributes
    ----------
    name
        Its name in the results.
    columns
        The documented columns.
    generate
        Makes a table from a random generator and a number of rows.
    timestamp
        The date column and the time column that become the index of a DataFrame, if there are any.
    """

    name: str
    columns: tuple[Column, ...]
    generate: Callable[[np.random.Generator, int], pa.Table]
    timestamp: tuple[str, str] | None = None


@dataclass(frozen=True)
class Frame:
    """A table and the framed bytes that carry it."""

    kind: ResponseKind
    table: pa.Table
    framed: bytes


def make_table(kind: ResponseKind, rows: int, seed: int = 0) -> pa.Table:
    """Return a random table, the same for the same seed."""
    return kind.generate(np.random.default_rng(seed), rows)


def make_frame(kind: ResponseKind, rows: int, seed: int = 0) -> Frame:
    """Return a random table and its frame, the same for the same seed."""
    table = make_table(kind, rows, seed)
    return Frame(kind, table, bytes(encode(table)))


def encode(table: pa.Table) -> memoryview:
    """Return a table as one frame, as the service sends it."""
    meta = {"cursor": Value(string_value="bmV4dA=="), "total_hits": Value(integer_value=table.num_rows)}
    return encode_response(table, meta=meta)


def _trades(random: np.random.Generator, rows: int) -> pa.Table:
    return pa.table(_stamps(random, rows) | _trade_columns(random, rows, _walk(random, rows)))


def _quotes(random: np.random.Generator, rows: int) -> pa.Table:
    return pa.table(_stamps(random, rows) | _quote_columns(random, rows, _walk(random, rows)))


def _trades_with_quotes(random: np.random.Generator, rows: int) -> pa.Table:
    ticks = _walk(random, rows)
    return pa.table(_stamps(random, rows) | _trade_columns(random, rows, ticks) | _quote_columns(random, rows, ticks))


def _orders(random: np.random.Generator, rows: int) -> pa.Table:
    actions = random.choice(len(_ACTIONS), rows, p=(0.48, 0.44, 0.08))
    # An order is added, then executed or deleted: its id is in about two rows, far apart.
    added = np.sort(random.integers(0, rows // 2 + 1, rows))
    time = _times(random, rows)
    trades = actions == _ACTIONS.index("TRADE")
    trade_ids = np.where(trades, np.cumsum(trades), 0)
    return pa.table(
        {
            "symbol": _labels(random.integers(0, 4, rows), (SYMBOL, "ADS.XE", "ZAL.XE", "VOD.L")),
            "order_date": _days(rows),
            "time": pa.array(time).cast(pa.duration("ns")),
            "action": _labels(actions, _ACTIONS),
            "order_id": _numbered("", 7_160_442_000_000_000 + added * 37),
            "order_side": _labels(random.integers(0, 2, rows), ("BUY", "SELL")),
            "order_price": _prices(_walk(random, rows) + random.integers(-40, 41, rows), _nulls(random, rows)),
            "order_size": pa.array(_sizes(random, rows), mask=_nulls(random, rows)),
            "order_time": pa.array(
                np.maximum(time - random.integers(0, 10**11, rows), _OPEN), mask=_nulls(random, rows)
            ).cast(pa.duration("ns")),
            "trade_id": pc.if_else(pa.array(trades), _numbered("T", trade_ids), ""),
            "order_type": pa.array(random.integers(1, 5, rows), mask=_nulls(random, rows)),
        }
    )


def _symbols(random: np.random.Generator, rows: int) -> pa.Table:
    codes = random.integers(10**8, 10**9, rows)
    exchanges = random.integers(0, 3, rows)
    return pa.table(
        {
            "source": _labels(np.zeros(rows), ("ACTIV",)),
            "region": _labels(np.zeros(rows), ("EMEA",)),
            "exchange": _labels(exchanges, ("XE", "L", "PA")),
            "symbol": _numbered("S", codes),
            "name": _numbered("A Company of Some Renown plc ", codes),
            "isin": _numbered("DE0", codes),
            "local_code": _numbered("", codes // 10),
            "currency": _labels(exchanges, ("EUR", "GBX", "EUR")),
            "market_segment": _labels(random.integers(0, 2, rows), ("MAIN", "")),
            "entity_class": _labels(np.zeros(rows), ("EQUITY",)),
            "first_day": pa.array(random.integers(_DAY - 4_000, _DAY, rows, dtype=np.int32)).cast(pa.date32()),
            "last_day": pa.array(np.full(rows, _DAY, dtype=np.int32), mask=_nulls(random, rows)).cast(pa.date32()),
        }
    )


def _stamps(random: np.random.Generator, rows: int) -> dict[str, pa.Array]:
    return {
        "symbol": _labels(np.zeros(rows), (SYMBOL,)),
        "date": _days(rows),
        "time": pa.array(_times(random, rows)).cast(pa.duration("ns")),
    }


def _trade_columns(random: np.random.Generator, rows: int, ticks: npt.NDArray[np.int64]) -> dict[str, pa.Array]:
    return {
        "trade": _prices(ticks, _nulls(random, rows)),
        "trade_size": pa.array(_sizes(random, rows), mask=_nulls(random, rows)),
        "trade_condition": _labels(random.choice(len(_CONDITIONS), rows, p=_CONDITION_SHARES), _CONDITIONS),
    }


def _quote_columns(random: np.random.Generator, rows: int, ticks: npt.NDArray[np.int64]) -> dict[str, pa.Array]:
    no_ask, no_bid = _nulls(random, rows), _nulls(random, rows)
    return {
        "ask": _prices(ticks + random.integers(1, 4, rows), no_ask),
        "ask_size": pa.array(_sizes(random, rows), mask=no_ask),
        "bid": _prices(ticks - random.integers(0, 3, rows), no_bid),
        "bid_size": pa.array(_sizes(random, rows), mask=no_bid),
    }


def _times(random: np.random.Generator, rows: int) -> npt.NDArray[np.int64]:
    return np.sort(random.integers(_OPEN, _CLOSE, rows))


def _days(rows: int) -> pa.Array:
    return pa.array(np.full(rows, _DAY, dtype=np.int32)).cast(pa.date32())


def _walk(random: np.random.Generator, rows: int) -> npt.NDArray[np.int64]:
    """Return prices in cents: a random walk from 100.00, reflected at 10.00."""
    return 1_000 + np.abs(9_000 + np.cumsum(random.integers(-1, 2, rows)))


def _prices(ticks: npt.NDArray[np.int64], nulls: npt.NDArray[np.bool_]) -> pa.Array:
    return pa.array(ticks / 100, mask=nulls)


def _sizes(random: np.random.Generator, rows: int) -> npt.NDArray[np.int64]:
    return np.ceil(random.lognormal(5, 1.3, rows)).astype(np.int64)


def _nulls(random: np.random.Generator, rows: int) -> npt.NDArray[np.bool_]:
    nulls = random.random(rows) < _NULL_SHARE
    nulls[rows // 2] = True
    return nulls


def _labels(codes: npt.NDArray[np.number], labels: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(labels, pa.string()))


def _numbered(prefix: str, numbers: npt.NDArray[np.int64]) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pa.array(numbers).cast(pa.string()), "")


_TICK_DATA = FUNCTIONS["tick_data"]

TRADES = ResponseKind("trades", _TICK_DATA.columns_for(TickDataType.TRADES), _trades, ("date", "time"))
QUOTES = ResponseKind("quotes", _TICK_DATA.columns_for(TickDataType.QUOTES), _quotes, ("date", "time"))
TICKS = ResponseKind(
    "trades with quotes", _TICK_DATA.columns_for(TickDataType.TRADES_AND_QUOTES), _trades_with_quotes, ("date", "time")
)
ORDERS = ResponseKind(
    "orders",
    # Documented as a time, sent as an integer.
    tuple(
        replace(column, kind=ColumnKind.INTEGER) if column.name == "order_type" else column
        for column in FUNCTIONS["order_data"].columns
    ),
    _orders,
    ("order_date", "time"),
)
LOOKUP = ResponseKind("symbol lookup", FUNCTIONS["lookup_symbols"].columns, _symbols)

KINDS = (TRADES, QUOTES, TICKS, ORDERS, LOOKUP)
