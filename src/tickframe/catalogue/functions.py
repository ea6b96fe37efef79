"""The documented functions of the service (API contract 2.0.0): endpoint, parameters and columns of each.

Endpoints are inferred: the contract documents only ``/get/{endpoint}`` and the camelCase style.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from tickframe.catalogue.model import (
    Column,
    ColumnKind,
    Function,
    Parameter,
    ParameterKind,
    TickDataType,
)

SOURCE = Parameter("source", ParameterKind.STRING, required=True)
DATA_TYPE = Parameter("data_type", ParameterKind.DATA_TYPE, required=True)
SYMBOL = Parameter("symbol", ParameterKind.STRING, required=True, splits=True)
SYMBOLS = Parameter("symbols", ParameterKind.STRING_LIST, required=True)
ONE_BY_ONE = Parameter("symbols", ParameterKind.STRING_LIST, required=True, splits=True)
DAY = Parameter("day", ParameterKind.DATE, required=True, splits=True)
FIRST_DAY = Parameter("first_day", ParameterKind.DATE)
LAST_DAY = Parameter("last_day", ParameterKind.DATE)
REQUIRED_FIRST_DAY = Parameter("first_day", ParameterKind.DATE, required=True)
REQUIRED_LAST_DAY = Parameter("last_day", ParameterKind.DATE, required=True)
FROM_TIME = Parameter("from_time", ParameterKind.TIME)
TO_TIME = Parameter("to_time", ParameterKind.TIME)
FLAGS = Parameter("flags", ParameterKind.FLAGS)
EXCHANGE_FILTERS = Parameter("exchange_filters", ParameterKind.STRING_LIST)


_FIRST_AVAILABLE = Column("first_day", ColumnKind.DATE, "The first day with data.")
_LAST_AVAILABLE = Column("last_day", ColumnKind.DATE, "The last day with data.")
_SOURCE = Column("source", ColumnKind.LABEL, "The data source.")
_REGION = Column("region", ColumnKind.LABEL, "The region of the exchange.")
_EXCHANGE = Column("exchange", ColumnKind.LABEL, "The exchange.")


def by_source(*columns: Column) -> tuple[Column, ...]:
    """Return columns that the responses of some sources lack."""
    return tuple(replace(column, by_source=True) for column in columns)


LOOKUPS = (
    Function(name="lookup_sources", endpoint="sources", parameters=(), columns=(_SOURCE,)),
    Function(
        name="lookup_exchanges",
        endpoint="exchanges",
        parameters=(SOURCE, EXCHANGE_FILTERS, FIRST_DAY, LAST_DAY),
        columns=by_source(
            _SOURCE,
            _REGION,
            _EXCHANGE,
            Column("name", ColumnKind.STRING, "The full name of the exchange."),
            Column("abbreviation", ColumnKind.STRING, "The short name of the exchange."),
            _FIRST_AVAILABLE,
            _LAST_AVAILABLE,
            Column("feeds", ColumnKind.STRING_LIST, "The recorded feeds."),
        ),
    ),
    Function(
        name="lookup_symbols",
        endpoint="symbols",
        parameters=(
            SOURCE,
            Parameter("pattern", ParameterKind.STRING),
            EXCHANGE_FILTERS,
            Parameter("region_filters", ParameterKind.STRING_LIST),
            Parameter("entity_class_filters", ParameterKind.STRING_LIST),
            FIRST_DAY,
            LAST_DAY,
            Parameter("page_limit", ParameterKind.INTEGER),
            Parameter("cursor", ParameterKind.STRING),
            Parameter("item_type_filters", ParameterKind.ITEM_TYPES),
        ),
        columns=by_source(
            _SOURCE,
            _REGION,
            _EXCHANGE,
            Column("symbol", ColumnKind.STRING, "The symbol, as other functions accept it."),
            Column("name", ColumnKind.STRING, "The full name of the instrument."),
            Column("isin", ColumnKind.STRING, "The ISIN (ISO 6166)."),
            Column("local_code", ColumnKind.STRING, "The code that the exchange uses."),
            Column("currency", ColumnKind.LABEL, "The currency of its prices."),
            Column("market_segment", ColumnKind.LABEL, "The market segment."),
            Column("entity_class", ColumnKind.LABEL, "The kind of instrument."),
            _FIRST_AVAILABLE,
            _LAST_AVAILABLE,
        ),
        paged=True,
    ),
)


_WITH_TRADES = frozenset({TickDataType.TRADES, TickDataType.TRADES_AND_QUOTES})
_WITH_QUOTES = frozenset({TickDataType.QUOTES, TickDataType.TRADES_AND_QUOTES})

_SYMBOL = Column("symbol", ColumnKind.LABEL, "The symbol.")
_DATE = Column("date", ColumnKind.DATE, "The day.")
_TRADE = Column("trade", ColumnKind.FLOAT, "The price of the trade.", _WITH_TRADES)
_TRADE_SIZE = Column("trade_size", ColumnKind.INTEGER, "The size of the trade.", _WITH_TRADES)
_TRADE_CONDITION = Column("trade_condition", ColumnKind.LABEL, "The conditions of the trade.", _WITH_TRADES)
_ASK = Column("ask", ColumnKind.FLOAT, "The best ask price.", _WITH_QUOTES)
_ASK_SIZE = Column("ask_size", ColumnKind.INTEGER, "The size at the best ask.", _WITH_QUOTES)
_BID = Column("bid", ColumnKind.FLOAT, "The best bid price.", _WITH_QUOTES)
_BID_SIZE = Column("bid_size", ColumnKind.INTEGER, "The size at the best bid.", _WITH_QUOTES)

TICKS = (
    Function(
        name="tick_data",
        endpoint="tickData",
        parameters=(SOURCE, DATA_TYPE, SYMBOL, DAY, FROM_TIME, TO_TIME, FLAGS),
        columns=(
            _SYMBOL,
            _DATE,
            Column("time", ColumnKind.TIME, "The time of the trade or quote."),
            _TRADE,
            _TRADE_SIZE,
            _TRADE_CONDITION,
            _ASK,
            _ASK_SIZE,
            _BID,
            _BID_SIZE,
        ),
        timestamp=("date", "time"),
        windowed=True,
    ),
    Function(
        name="tick_aggregated",
        endpoint="tickAggregated",
        parameters=(
            SOURCE,
            DATA_TYPE,
            SYMBOL,
            DAY,
            FROM_TIME,
            TO_TIME,
            Parameter("bin_size", ParameterKind.INTEGER),
            FLAGS,
        ),
        columns=(
            _SYMBOL,
            _DATE,
            Column("time", ColumnKind.TIME, "The end of the bin."),
            Column("open", ColumnKind.FLOAT, "The price of the first trade; null without trades.", _WITH_TRADES),
            Column("high", ColumnKind.FLOAT, "The highest price of a trade.", _WITH_TRADES),
            Column("low", ColumnKind.FLOAT, "The lowest price of a trade.", _WITH_TRADES),
            Column("close", ColumnKind.FLOAT, "The price of the last trade.", _WITH_TRADES),
            Column("trade_count", ColumnKind.INTEGER, "The number of trades.", _WITH_TRADES),
            Column("volume", ColumnKind.INTEGER, "The total size of the trades.", _WITH_TRADES),
            Column("trade_condition", ColumnKind.LABEL, "The conditions of the last trade.", _WITH_TRADES),
            _BID,
            _BID_SIZE,
            _ASK,
            _ASK_SIZE,
        ),
        timestamp=("date", "time"),
    ),
    Function(
        name="tick_snapshot",
        endpoint="tickSnapshot",
        parameters=(
            SOURCE,
            DATA_TYPE,
            SYMBOLS,
            DAY,
            Parameter("time", ParameterKind.TIME, required=True),
            FLAGS,
        ),
        columns=(
            _SYMBOL,
            _DATE,
            Column("time", ColumnKind.TIME, "The time of the last trade or quote."),
            _TRADE,
            _TRADE_SIZE,
            _TRADE_CONDITION,
            _BID,
            _BID_SIZE,
            _ASK,
            _ASK_SIZE,
        ),
        timestamp=("date", "time"),
    ),
    Function(
        name="order_data",
        endpoint="orders",
        parameters=(SOURCE, SYMBOLS, DAY, FROM_TIME, TO_TIME),
        columns=(
            _SYMBOL,
            Column("order_date", ColumnKind.DATE, "The day."),
            Column("time", ColumnKind.TIME, "The time of the event."),
            Column("action", ColumnKind.LABEL, "What happened to the order."),
            Column("order_id", ColumnKind.STRING, "The identifier of the order."),
            Column("order_side", ColumnKind.LABEL, "The side of the order."),
            Column("order_price", ColumnKind.FLOAT, "The price of the order."),
            Column("order_size", ColumnKind.INTEGER, "The size of the order."),
            Column("order_time", ColumnKind.TIME, "The time of the order."),
            Column("trade_id", ColumnKind.STRING, "The identifier of the trade, if the event is one."),
            Column("order_type", ColumnKind.TIME, "Documented as a time of day; integers in an older contract."),
        ),
        timestamp=("order_date", "time"),
        windowed=True,
    ),
)


DAYS = (
    Function(
        name="auction_data",
        endpoint="auctions",
        parameters=(SOURCE, ONE_BY_ONE, DAY),
        columns=(
            Column("time", ColumnKind.TIME, "The time of the message."),
            Column("imbalance_buy_volume", ColumnKind.INTEGER, "The volume to buy that exceeds the volume to sell."),
            Column("imbalance_sell_volume", ColumnKind.INTEGER, "The volume to sell that exceeds the volume to buy."),
            Column("imbalance_volume_time", ColumnKind.TIME, "The time of the imbalance."),
            Column("cross_type", ColumnKind.LABEL, "The type of the cross."),
            Column("uncrossing_date", ColumnKind.DATE, "The day of the uncrossing."),
            Column("uncrossing_time", ColumnKind.TIME, "The time of the uncrossing."),
            Column("uncrossing_condition", ColumnKind.LABEL, "The conditions of the uncrossing trade."),
            Column("uncrossing_price", ColumnKind.FLOAT, "The price at which the auction uncrossed."),
            Column("uncrossing_volume", ColumnKind.INTEGER, "The volume at that price."),
            Column("uncrossing_type", ColumnKind.LABEL, "The type of the uncrossing."),
            Column("auction_date", ColumnKind.DATE, "The day of the auction."),
            Column("auction_time", ColumnKind.TIME, "The time of the indication."),
            Column("auction_status", ColumnKind.INTEGER, "The status of the auction."),
            Column("auction", ColumnKind.FLOAT, "The indicative price."),
            Column("auction_volume", ColumnKind.INTEGER, "The indicative volume."),
            Column("auction_type", ColumnKind.LABEL, "The type of the auction."),
        ),
        symbol_column=Column("symbol", ColumnKind.LABEL, "The requested symbol, which the response does not have."),
    ),
    Function(
        name="end_of_day",
        endpoint="endOfDay",
        parameters=(SOURCE, SYMBOLS, REQUIRED_FIRST_DAY, REQUIRED_LAST_DAY),
        columns=(
            _SYMBOL,
            _DATE,
            Column("open", ColumnKind.FLOAT, "The official opening price."),
            Column("high", ColumnKind.FLOAT, "The official high."),
            Column("low", ColumnKind.FLOAT, "The official low."),
            Column("close", ColumnKind.FLOAT, "The official closing price."),
            Column("trade_count", ColumnKind.INTEGER, "The number of trades."),
            Column("volume", ColumnKind.INTEGER, "The total size of the trades."),
        ),
    ),
    Function(
        name="settlement_prices",
        endpoint="settlementPrices",
        parameters=(SOURCE, SYMBOLS, REQUIRED_FIRST_DAY, REQUIRED_LAST_DAY),
        columns=(
            _SYMBOL,
            Column("settlement_date", ColumnKind.DATE, "The day of the settlement."),
            Column("settlement_time", ColumnKind.TIME, "The time of the settlement."),
            Column("settlement", ColumnKind.FLOAT, "The settlement price."),
            Column("settlement_status", ColumnKind.INTEGER, "The status of the settlement."),
            Column("settlement_size", ColumnKind.INTEGER, "The size of the settlement."),
            Column("capture_date", ColumnKind.DATE, "The day of the capture, in UTC."),
            Column("capture_time", ColumnKind.TIME, "The time of the capture, in UTC."),
        ),
    ),
    Function(
        name="instrument_status",
        endpoint="instrumentStatus",
        parameters=(SOURCE, SYMBOLS, DAY),
        columns=(
            _SYMBOL,
            _DATE,
            Column("time", ColumnKind.TIME, "The time from which the status applies."),
            Column("instrument_status", ColumnKind.LABEL, "The status."),
            Column("instrument_status_description", ColumnKind.LABEL, "A description of the status."),
            Column("continuous_session", ColumnKind.BOOLEAN, "Whether trading is continuous in this status."),
        ),
        timestamp=("date", "time"),
    ),
)


_EXPIRATION_DATE = Column("expiration_date", ColumnKind.DATE, "The expiration date.")
_CONTRACT_SIZE = Column("contract_size", ColumnKind.INTEGER, "The size of a contract.")
_CURRENCY_MULTIPLIER = Column("currency_multiplier", ColumnKind.FLOAT, "The factor by which prices are multiplied.")
_MINIMUM_TICK = Column("minimum_tick", ColumnKind.FLOAT, "The smallest price increment.")
_OPTION_TYPE = Column("option_type", ColumnKind.LABEL, "Call or put.")
_STRIKE_PRICE = Column("strike_price", ColumnKind.FLOAT, "The strike price.")
_EXERCISE_STYLE = Column("exercise_style", ColumnKind.LABEL, "The exercise style.")
_UNDERLYING_ISIN = Column("underlying_isin", ColumnKind.STRING, "The ISIN of the underlying.")
_UNDERLYING_SYMBOL = Column("underlying_symbol", ColumnKind.LABEL, "The symbol of the underlying.")
_UNDERLYING_CURRENCY = Column("underlying_currency", ColumnKind.LABEL, "The currency of the underlying.")
_UNDERLYING_MIC = Column("underlying_mic", ColumnKind.LABEL, "The MIC of the underlying (ISO 10383).")

_BY_INSTRUMENT_TYPE: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "equities": (
            Column("lot_size", ColumnKind.INTEGER, "The size of a round lot."),
            Column("market_sector", ColumnKind.LABEL, "The market sector."),
            Column("market_segment", ColumnKind.LABEL, "The market segment."),
            Column("security_primary_exchange", ColumnKind.LABEL, "The primary exchange."),
            Column("sedol_code", ColumnKind.STRING, "The SEDOL code."),
        ),
        "futures": (
            _EXPIRATION_DATE,
            _CONTRACT_SIZE,
            _CURRENCY_MULTIPLIER,
            _MINIMUM_TICK,
            Column("point_size", ColumnKind.FLOAT, "The value of one point."),
            _UNDERLYING_ISIN,
            _UNDERLYING_SYMBOL,
            _UNDERLYING_CURRENCY,
            _UNDERLYING_MIC,
        ),
        "future_options": (
            _EXPIRATION_DATE,
            _CONTRACT_SIZE,
            _CURRENCY_MULTIPLIER,
            _MINIMUM_TICK,
            _OPTION_TYPE,
            _STRIKE_PRICE,
            _EXERCISE_STYLE,
            Column("strike_price_multiplier", ColumnKind.FLOAT, "The factor by which strike prices are multiplied."),
            _UNDERLYING_ISIN,
            Column("future_symbol", ColumnKind.LABEL, "The symbol of the future."),
            Column("future_expiration_date", ColumnKind.DATE, "The expiration date of the future."),
        ),
        "options": (
            Column("expiration_date", ColumnKind.STRING, "The expiration date, documented as a string."),
            _CONTRACT_SIZE,
            _CURRENCY_MULTIPLIER,
            _MINIMUM_TICK,
            _OPTION_TYPE,
            _STRIKE_PRICE,
            _EXERCISE_STYLE,
            Column("expiration_type", ColumnKind.LABEL, "The type of the expiration."),
            Column("contract_multiplier", ColumnKind.FLOAT, "The factor by which contracts are multiplied."),
            Column("generation_number", ColumnKind.STRING, "The generation of the contract."),
            Column("strike_price_denominator", ColumnKind.FLOAT, "The number by which strike prices are divided."),
            Column("shares_per_contract", ColumnKind.INTEGER, "The number of shares in a contract."),
            _UNDERLYING_ISIN,
            _UNDERLYING_SYMBOL,
            _UNDERLYING_CURRENCY,
            _UNDERLYING_MIC,
        ),
    }
)

INSTRUMENTS = (
    Function(
        name="reference_data",
        endpoint="referenceData",
        parameters=(SOURCE, SYMBOLS, DAY, Parameter("instrument_type", ParameterKind.STRING)),
        columns=(
            Column("symbol", ColumnKind.STRING, "The symbol."),
            Column("local_code", ColumnKind.STRING, "The code that the exchange uses."),
            Column("isin", ColumnKind.STRING, "The ISIN (ISO 6166)."),
            Column("name", ColumnKind.STRING, "The full name of the instrument."),
            Column("country_code", ColumnKind.LABEL, "The country (ISO 3166)."),
            Column("currency", ColumnKind.LABEL, "The currency of its prices."),
            Column("entity_type", ColumnKind.LABEL, "The kind of instrument."),
        ),
        instrument_columns=_BY_INSTRUMENT_TYPE,
    ),
    Function(
        name="tick_rules",
        endpoint="tickRules",
        parameters=(SOURCE, SYMBOLS, DAY),
        columns=(
            Column("symbol", ColumnKind.LABEL, "The symbol."),
            Column("tick_rule_symbol", ColumnKind.LABEL, "The tick rule."),
            Column("lower_bound", ColumnKind.FLOAT, "The price from which the tick size applies."),
            Column("tick_size", ColumnKind.FLOAT, "The smallest price increment."),
        ),
    ),
    Function(
        name="chain",
        endpoint="chain",
        parameters=(
            SOURCE,
            Parameter("chain_type", ParameterKind.CHAIN_TYPE, required=True),
            SYMBOL,
            Parameter("exchange", ParameterKind.STRING, required=True),
            DAY,
        ),
        columns=(
            Column("chain_symbol", ColumnKind.LABEL, "The chain."),
            Column("symbol", ColumnKind.STRING, "A member of the chain."),
            Column("underlying", ColumnKind.LABEL, "The underlying of the chain."),
            Column("name", ColumnKind.STRING, "The name of the chain."),
        ),
    ),
)

#: The functions of the service by their documented names.
FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {function.name: function for function in (*LOOKUPS, *TICKS, *DAYS, *INSTRUMENTS)}
)
