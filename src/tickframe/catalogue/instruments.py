"""Functions about instruments: reference data, tick rules, chains."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tickframe.catalogue import parameters as p
from tickframe.catalogue.model import Column, ColumnKind, Function, Parameter, ParameterKind

_EXPIRATION_DATE = Column("expiration_date", ColumnKind.DATE, "The day of expiration.")
_CONTRACT_SIZE = Column("contract_size", ColumnKind.INTEGER, "The size of a contract.")
_CURRENCY_MULTIPLIER = Column("currency_multiplier", ColumnKind.FLOAT, "What a price is multiplied by.")
_MINIMUM_TICK = Column("minimum_tick", ColumnKind.FLOAT, "The least step of the price.")
_OPTION_TYPE = Column("option_type", ColumnKind.LABEL, "Call or put.")
_STRIKE_PRICE = Column("strike_price", ColumnKind.FLOAT, "The strike price.")
_EXERCISE_STYLE = Column("exercise_style", ColumnKind.LABEL, "When the option can be exercised.")
_UNDERLYING_ISIN = Column("underlying_isin", ColumnKind.STRING, "The underlying's ISIN.")
_UNDERLYING_SYMBOL = Column("underlying_symbol", ColumnKind.LABEL, "The underlying's symbol.")
_UNDERLYING_CURRENCY = Column("underlying_currency", ColumnKind.LABEL, "The underlying's currency.")
_UNDERLYING_MIC = Column("underlying_mic", ColumnKind.LABEL, "The underlying's market (ISO 10383).")

_BY_INSTRUMENT_TYPE: Mapping[str, tuple[Column, ...]] = MappingProxyType(
    {
        "equities": (
            Column("lot_size", ColumnKind.INTEGER, "The size of a round lot."),
            Column("market_sector", ColumnKind.LABEL, "The sector."),
            Column("market_segment", ColumnKind.LABEL, "The segment of the market."),
            Column("security_primary_exchange", ColumnKind.LABEL, "The primary exchange."),
            Column("sedol_code", ColumnKind.STRING, "The SEDOL code."),
        ),
        "futures": (
            _EXPIRATION_DATE,
            _CONTRACT_SIZE,
            _CURRENCY_MULTIPLIER,
            _MINIMUM_TICK,
            Column("point_size", ColumnKind.FLOAT, "The value of a point."),
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
            Column("strike_price_multiplier", ColumnKind.FLOAT, "What a strike price is multiplied by."),
            _UNDERLYING_ISIN,
            Column("future_symbol", ColumnKind.LABEL, "The future's symbol."),
            Column("future_expiration_date", ColumnKind.DATE, "The day of the future's expiration."),
        ),
        "options": (
            Column("expiration_date", ColumnKind.STRING, "The day of expiration, documented as a string."),
            _CONTRACT_SIZE,
            _CURRENCY_MULTIPLIER,
            _MINIMUM_TICK,
            _OPTION_TYPE,
            _STRIKE_PRICE,
            _EXERCISE_STYLE,
            Column("expiration_type", ColumnKind.LABEL, "The kind of expiration."),
            Column("contract_multiplier", ColumnKind.FLOAT, "What a contract is multiplied by."),
            Column("generation_number", ColumnKind.STRING, "The generation of the contract."),
            Column("strike_price_denominator", ColumnKind.FLOAT, "What a strike price is divided by."),
            Column("shares_per_contract", ColumnKind.INTEGER, "Shares that a contract stands for."),
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
        parameters=(p.SOURCE, p.SYMBOLS, p.DAY, Parameter("instrument_type", ParameterKind.STRING)),
        columns=(
            Column("symbol", ColumnKind.STRING, "The symbol."),
            Column("local_code", ColumnKind.STRING, "The exchange's own code."),
            Column("isin", ColumnKind.STRING, "The ISIN (ISO 6166)."),
            Column("name", ColumnKind.STRING, "The instrument's full name."),
            Column("country_code", ColumnKind.LABEL, "The country (ISO 3166)."),
            Column("currency", ColumnKind.LABEL, "The currency of its prices."),
            Column("entity_type", ColumnKind.LABEL, "What kind of instrument it is."),
        ),
        instrument_columns=_BY_INSTRUMENT_TYPE,
    ),
    Function(
        name="tick_rules",
        endpoint="tickRules",
        parameters=(p.SOURCE, p.SYMBOLS, p.DAY),
        columns=(
            Column("symbol", ColumnKind.LABEL, "The symbol."),
            Column("tick_rule_symbol", ColumnKind.LABEL, "The rule."),
            Column("lower_bound", ColumnKind.FLOAT, "The price from which the tick size holds."),
            Column("tick_size", ColumnKind.FLOAT, "The least step of the price."),
        ),
    ),
    Function(
        name="chain",
        endpoint="chain",
        parameters=(
            p.SOURCE,
            Parameter("chain_type", ParameterKind.CHAIN_TYPE, required=True),
            p.SYMBOL,
            Parameter("exchange", ParameterKind.STRING, required=True),
            p.DAY,
        ),
        columns=(
            Column("chain_symbol", ColumnKind.LABEL, "The chain."),
            Column("symbol", ColumnKind.STRING, "A member of the chain."),
            Column("underlying", ColumnKind.LABEL, "What the chain is written on."),
            Column("name", ColumnKind.STRING, "The chain's name."),
        ),
    ),
)
