"""The documented functions (API contract 2.0.0): one entry each, nothing but data.

Endpoints are inferred: the contract documents only ``/get/{endpoint}`` and the camelCase style.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tickframe.catalogue.model import Column, ColumnKind, Function, Parameter, ParameterKind, TickDataType

_STRING, _LABEL, _STRING_LIST = ColumnKind.STRING, ColumnKind.LABEL, ColumnKind.STRING_LIST
_INTEGER, _FLOAT = ColumnKind.INTEGER, ColumnKind.FLOAT
_DATE, _TIME = ColumnKind.DATE, ColumnKind.TIME

_WITH_TRADES = frozenset({TickDataType.TRADES, TickDataType.TRADES_AND_QUOTES})
_WITH_QUOTES = frozenset({TickDataType.QUOTES, TickDataType.TRADES_AND_QUOTES})

_SOURCE = Parameter("source", ParameterKind.STRING, required=True)
_DATA_TYPE = Parameter("data_type", ParameterKind.DATA_TYPE, required=True)
_ONE_SYMBOL = Parameter("symbol", ParameterKind.STRING, required=True, splits=True)
_SYMBOLS = Parameter("symbols", ParameterKind.STRING_LIST, required=True)
_DAY = Parameter("day", ParameterKind.DATE, required=True, splits=True)
_FROM_TIME = Parameter("from_time", ParameterKind.TIME)
_TO_TIME = Parameter("to_time", ParameterKind.TIME)
_FIRST_DAY = Parameter("first_day", ParameterKind.DATE)
_LAST_DAY = Parameter("last_day", ParameterKind.DATE)
_REQUIRED_FIRST_DAY = Parameter("first_day", ParameterKind.DATE, required=True)
_REQUIRED_LAST_DAY = Parameter("last_day", ParameterKind.DATE, required=True)
_FLAGS = Parameter("flags", ParameterKind.FLAGS)
_EXCHANGE_FILTERS = Parameter("exchange_filters", ParameterKind.STRING_LIST)

_DOCUMENTED = (
    Function(
        name="lookup_sources",
        endpoint="sources",
        parameters=(),
        columns=(Column("source", _LABEL),),
    ),
    Function(
        name="lookup_exchanges",
        endpoint="exchanges",
        parameters=(_SOURCE, _EXCHANGE_FILTERS, _FIRST_DAY, _LAST_DAY),
        columns=(
            Column("source", _LABEL),
            Column("region", _LABEL),
            Column("exchange", _LABEL),
            Column("name", _STRING),
            Column("abbreviation", _STRING),
            Column("first_day", _DATE),
            Column("last_day", _DATE),
            Column("feeds", _STRING_LIST),
        ),
    ),
    Function(
        name="lookup_symbols",
        endpoint="symbols",
        parameters=(
            _SOURCE,
            Parameter("pattern", ParameterKind.STRING),
            _EXCHANGE_FILTERS,
            Parameter("region_filters", ParameterKind.STRING_LIST),
            Parameter("entity_class_filters", ParameterKind.STRING_LIST),
            _FIRST_DAY,
            _LAST_DAY,
            Parameter("page_limit", ParameterKind.INTEGER),
            Parameter("cursor", ParameterKind.STRING),
        ),
        columns=(
            Column("source", _LABEL),
            Column("region", _LABEL),
            Column("exchange", _LABEL),
            Column("symbol", _STRING),
            Column("name", _STRING),
            Column("isin", _STRING),
            Column("local_code", _STRING),
            Column("currency", _LABEL),
            Column("market_segment", _LABEL),
            Column("entity_class", _LABEL),
            Column("first_day", _DATE),
            Column("last_day", _DATE),
        ),
        paged=True,
    ),
    Function(
        name="tick_data",
        endpoint="tickData",
        parameters=(_SOURCE, _DATA_TYPE, _ONE_SYMBOL, _DAY, _FROM_TIME, _TO_TIME, _FLAGS),
        columns=(
            Column("symbol", _LABEL),
            Column("date", _DATE),
            Column("time", _TIME),
            Column("trade", _FLOAT, _WITH_TRADES),
            Column("trade_size", _INTEGER, _WITH_TRADES),
            Column("trade_condition", _LABEL, _WITH_TRADES),
            Column("ask", _FLOAT, _WITH_QUOTES),
            Column("ask_size", _INTEGER, _WITH_QUOTES),
            Column("bid", _FLOAT, _WITH_QUOTES),
            Column("bid_size", _INTEGER, _WITH_QUOTES),
        ),
        timestamp=("date", "time"),
    ),
    Function(
        name="tick_aggregated",
        endpoint="tickAggregated",
        parameters=(
            _SOURCE,
            _DATA_TYPE,
            _ONE_SYMBOL,
            _DAY,
            _FROM_TIME,
            _TO_TIME,
            Parameter("bin_size", ParameterKind.INTEGER),
            _FLAGS,
        ),
        columns=(
            Column("symbol", _LABEL),
            Column("date", _DATE),
            Column("time", _TIME),
            Column("open", _FLOAT, _WITH_TRADES),
            Column("high", _FLOAT, _WITH_TRADES),
            Column("low", _FLOAT, _WITH_TRADES),
            Column("close", _FLOAT, _WITH_TRADES),
            Column("trade_count", _INTEGER, _WITH_TRADES),
            Column("volume", _INTEGER, _WITH_TRADES),
            Column("trade_condition", _LABEL, _WITH_TRADES),
            Column("bid", _FLOAT, _WITH_QUOTES),
            Column("bid_size", _INTEGER, _WITH_QUOTES),
            Column("ask", _FLOAT, _WITH_QUOTES),
            Column("ask_size", _INTEGER, _WITH_QUOTES),
        ),
        timestamp=("date", "time"),
    ),
    Function(
        name="tick_snapshot",
        endpoint="tickSnapshot",
        parameters=(
            _SOURCE,
            _DATA_TYPE,
            _SYMBOLS,
            _DAY,
            Parameter("time", ParameterKind.TIME, required=True),
            _FLAGS,
        ),
        columns=(
            Column("symbol", _LABEL),
            Column("date", _DATE),
            Column("time", _TIME),
            Column("trade", _FLOAT, _WITH_TRADES),
            Column("trade_size", _INTEGER, _WITH_TRADES),
            Column("trade_condition", _LABEL, _WITH_TRADES),
            Column("bid", _FLOAT, _WITH_QUOTES),
            Column("bid_size", _INTEGER, _WITH_QUOTES),
            Column("ask", _FLOAT, _WITH_QUOTES),
            Column("ask_size", _INTEGER, _WITH_QUOTES),
        ),
        timestamp=("date", "time"),
    ),
    Function(
        name="end_of_day",
        endpoint="endOfDay",
        parameters=(_SOURCE, _SYMBOLS, _REQUIRED_FIRST_DAY, _REQUIRED_LAST_DAY),
        columns=(
            Column("symbol", _LABEL),
            Column("date", _DATE),
            Column("open", _FLOAT),
            Column("high", _FLOAT),
            Column("low", _FLOAT),
            Column("close", _FLOAT),
            Column("trade_count", _INTEGER),
            Column("volume", _INTEGER),
        ),
    ),
)

#: The functions of the service by their documented names.
FUNCTIONS: Mapping[str, Function] = MappingProxyType({function.name: function for function in _DOCUMENTED})
