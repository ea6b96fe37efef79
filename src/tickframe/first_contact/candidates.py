"""What the documentation of the service leaves open, and what it may be: likeliest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc

from tickframe.catalogue import EnumFormat, TickDataFlag, TickDataType

#: Where the service may sign in, below its address: documented as /auth, and as the address of sign-in itself.
AUTH_PATHS = ("/auth", "")

#: Where the source may travel: the path template, and whether the source is omitted.
SOURCES = (
    ("/get/{source}/{endpoint}", False),
    ("/get/{endpoint}?source={source}", False),
    ("/get/{endpoint}", False),
    ("/get/{endpoint}", True),
)

#: How enums may travel.
ENUMS: tuple[EnumFormat, ...] = ("names", "numbers_except_flags", "numbers")

#: The endpoints that a function may have. Those of the catalogue are tried last if they are not among them.
ENDPOINTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lookup_sources": ("sources", "lookupSources"),
        "lookup_exchanges": ("lookupExchanges", "exchanges"),
        "lookup_symbols": ("lookupSymbols", "symbols"),
        "tick_data": ("tickData",),
        "tick_aggregated": ("tickAggregated", "ohlcv"),
        "tick_snapshot": ("tickSnapshot",),
        "order_data": ("orderData", "orders"),
        "auction_data": ("auctionData", "auctions"),
        "end_of_day": ("endOfDayData", "endOfDay"),
        "settlement_prices": ("settlementPrices",),
        "reference_data": ("referenceData",),
        "instrument_status": ("instrumentStatus",),
        "tick_rules": ("tickRules",),
        "chain": ("chain", "chains"),
    }
)


@dataclass(frozen=True)
class OpenParameter:
    """An optional parameter with several possible names.

    Attributes
    ----------
    function, name
        The function that it is tried with, and its documented name.
    wire_names
        What it may be called.
    value
        Its value, from the rows of the function without it.
    has_effect
        Whether the response shows that the parameter was understood, not ignored: called with it and the value.
    """

    function: str
    name: str
    wire_names: tuple[str, ...]
    value: Callable[[pa.Table], object]
    has_effect: Callable[[pa.Table, object], bool]


def _first_of(column: str, default: str) -> Callable[[pa.Table], str]:
    def first(rows: pa.Table) -> str:
        values = rows[column].drop_null().to_pylist() if column in rows.column_names else []
        return str(values[0]) if values else default

    return first


def _only_of(column: str) -> Callable[[pa.Table, object], bool]:
    def only(rows: pa.Table, value: object) -> bool:
        return column in rows.column_names and pc.unique(rows[column]).to_pylist() == [value]

    return only


_BIN_SECONDS = 1800

#: The parameters with several possible names.
PARAMETERS = (
    OpenParameter(
        "lookup_exchanges",
        "exchange_filters",
        ("exchangeFilters", "exchanges"),
        _first_of("exchange", "XETRA"),
        _only_of("exchange"),
    ),
    OpenParameter(
        "lookup_symbols",
        "entity_class_filters",
        ("entityClassFilters", "entityFilters"),
        _first_of("entity_class", "Equity"),
        _only_of("entity_class"),
    ),
    OpenParameter(
        "tick_aggregated",
        "bin_size",
        ("binSize", "binSizeInSeconds"),
        lambda _rows: _BIN_SECONDS,
        # One hour, after the usual bins of a minute.
        lambda rows, _value: 0 < len(rows) <= 3,
    ),
)


def small_request(function: str, source: str, symbol: str, day: dt.date) -> dict[str, object]:
    """Return arguments of a documented function for a small response."""
    ticks = {"source": source, "symbol": symbol, "day": day, "data_type": TickDataType.TRADES}
    symbols = {"source": source, "symbols": [symbol], "day": day}
    days = {"source": source, "symbols": [symbol], "first_day": day, "last_day": day}
    flags = [TickDataFlag.INCLUDE_NON_REGULAR]
    requests: dict[str, dict[str, object]] = {
        "lookup_sources": {},
        "lookup_exchanges": {"source": source},
        "lookup_symbols": {"source": source, "page_limit": 1},
        "tick_data": {**ticks, "from_time": "09:00", "to_time": "09:01", "flags": flags},
        "tick_aggregated": {**ticks, "from_time": "09:00", "to_time": "10:00"},
        "tick_snapshot": {**symbols, "data_type": TickDataType.TRADES, "time": "09:01"},
        "order_data": {**symbols, "from_time": "09:00", "to_time": "09:00:01"},
        "auction_data": symbols,
        "end_of_day": days,
        "settlement_prices": days,
        "reference_data": symbols,
        "instrument_status": symbols,
        "tick_rules": symbols,
        "chain": {"source": source, "symbol": symbol, "exchange": "XETRA", "day": day, "chain_type": "OPTIONS"},
    }
    return requests[function]
