"""Functions that say what there is: sources, exchanges, symbols."""

from __future__ import annotations

from tickframe.catalogue import parameters as p
from tickframe.catalogue.model import Column, ColumnKind, Function, Parameter, ParameterKind

_FIRST_AVAILABLE = Column("first_day", ColumnKind.DATE, "The first day with data.")
_LAST_AVAILABLE = Column("last_day", ColumnKind.DATE, "The last day with data.")
_SOURCE = Column("source", ColumnKind.LABEL, "The data source.")
_REGION = Column("region", ColumnKind.LABEL, "The region of the exchange.")
_EXCHANGE = Column("exchange", ColumnKind.LABEL, "The exchange.")

LOOKUPS = (
    Function(
        name="lookup_sources",
        endpoint="sources",
        parameters=(),
        columns=(_SOURCE,),
    ),
    Function(
        name="lookup_exchanges",
        endpoint="exchanges",
        parameters=(p.SOURCE, p.EXCHANGE_FILTERS, p.FIRST_DAY, p.LAST_DAY),
        columns=(
            _SOURCE,
            _REGION,
            _EXCHANGE,
            Column("name", ColumnKind.STRING, "The exchange's full name."),
            Column("abbreviation", ColumnKind.STRING, "The exchange's short name."),
            _FIRST_AVAILABLE,
            _LAST_AVAILABLE,
            Column("feeds", ColumnKind.STRING_LIST, "The feeds that are recorded."),
        ),
    ),
    Function(
        name="lookup_symbols",
        endpoint="symbols",
        parameters=(
            p.SOURCE,
            Parameter("pattern", ParameterKind.STRING),
            p.EXCHANGE_FILTERS,
            Parameter("region_filters", ParameterKind.STRING_LIST),
            Parameter("entity_class_filters", ParameterKind.STRING_LIST),
            p.FIRST_DAY,
            p.LAST_DAY,
            Parameter("page_limit", ParameterKind.INTEGER),
            Parameter("cursor", ParameterKind.STRING),
        ),
        columns=(
            _SOURCE,
            _REGION,
            _EXCHANGE,
            Column("symbol", ColumnKind.STRING, "The symbol, as other functions take it."),
            Column("name", ColumnKind.STRING, "The instrument's full name."),
            Column("isin", ColumnKind.STRING, "The ISIN (ISO 6166)."),
            Column("local_code", ColumnKind.STRING, "The exchange's own code."),
            Column("currency", ColumnKind.LABEL, "The currency of its prices."),
            Column("market_segment", ColumnKind.LABEL, "The segment of the market."),
            Column("entity_class", ColumnKind.LABEL, "What kind of instrument it is."),
            _FIRST_AVAILABLE,
            _LAST_AVAILABLE,
        ),
        paged=True,
    ),
)
