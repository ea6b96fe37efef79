"""The types that describe a function of the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum


class TickDataType(StrEnum):
    """Which ticks to return."""

    TRADES = "TRADES"
    QUOTES = "QUOTES"
    #: Trades, each with the prevailing quote. Some pages document a row per quote too, without a trade.
    TRADES_AND_QUOTES = "TRADES_AND_QUOTES"


class TickDataFlag(StrEnum):
    """Options for which ticks to include, and with which times and prices."""

    #: Times are those of the exchange, not of the capture.
    USE_MARKET_TS = "USE_MARKET_TS"
    #: Times are those of the exchange, in UTC. Documented for the service's Java client only.
    USE_MARKET_UTC_TS = "USE_MARKET_UTC_TS"
    #: Corrections are applied to the prices and sizes of trades.
    APPLY_TRADE_CORRECTIONS = "APPLY_TRADE_CORRECTIONS"
    #: The metadata of the response explains the trade conditions.
    INCLUDE_TRADE_CONDITION_INFO = "INCLUDE_TRADE_CONDITION_INFO"
    #: Non-regular trades are included.
    INCLUDE_NON_REGULAR = "INCLUDE_NON_REGULAR"
    #: Only ticks of the continuous session are included.
    INCLUDE_CONTINUOUS_SESSION_ONLY = "INCLUDE_CONTINUOUS_SESSION_ONLY"
    #: Cancelled trades are excluded.
    EXCLUDE_CANCELLED_TRADES = "EXCLUDE_CANCELLED_TRADES"


class ChainType(StrEnum):
    """The kind of instruments in a chain."""

    OPTIONS = "OPTIONS"
    FUTURES = "FUTURES"
    FUTURE_OPTIONS = "FUTURE_OPTIONS"


class ItemType(StrEnum):
    """What a symbol identifies, in searches of the contract's earlier versions."""

    INDIVIDUAL_ITEM = "INDIVIDUAL_ITEM"
    OPTION_CHAIN = "OPTION_CHAIN"
    FUTURE_CHAIN = "FUTURE_CHAIN"
    ENTIRE_EXCHANGE = "ENTIRE_EXCHANGE"
    OTHER_ITEM = "OTHER_ITEM"


class ColumnKind(Enum):
    """The kind of values in a column."""

    STRING = "string"
    #: A string with few distinct values: a dictionary in Arrow, a category in pandas.
    LABEL = "label"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    #: A time of day in nanoseconds since midnight, which can exceed 24 hours.
    TIME = "time"
    STRING_LIST = "list of strings"


class ParameterKind(Enum):
    """The kind of values that a parameter accepts."""

    STRING = "string"
    STRING_LIST = "list of strings"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    #: A day and a time of day, without a time zone.
    TIMESTAMP = "timestamp"
    DATA_TYPE = "data type"
    FLAGS = "flags"
    CHAIN_TYPE = "chain type"
    ITEM_TYPES = "item types"
    #: A mapping of names to metrics; see :mod:`tickframe.catalogue.metrics`.
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Column:
    """One documented column.

    Attributes
    ----------
    name, kind
        As documented.
    description
        Its content, in one sentence.
    data_types
        The data types whose responses have this column.
    optional
        Whether a response may lack it, as reference data may lack the columns of other types of instrument.
    by_source
        Whether responses of some sources lack it. A response without rows has it, whatever the source.
    unit
        The unit of its values; empty if it has none, or none is known.
    unit_is_inferred
        Whether the unit is worked out from printed numbers, not documented.
    """

    name: str
    kind: ColumnKind
    description: str = ""
    data_types: frozenset[TickDataType] = frozenset(TickDataType)
    optional: bool = False
    by_source: bool = False
    unit: str = ""
    unit_is_inferred: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One documented parameter.

    Attributes
    ----------
    name, kind, required
        As documented.
    splits
        Whether a query sends one request for each of several values, because the service accepts only one, or
        does not say to which of them a row belongs.
    values
        The documented values, if only some strings are. The service may know more.
    alternatives
        Groups of documented values of a list; at most one of each can be in it.
    """

    name: str
    kind: ParameterKind
    required: bool = False
    splits: bool = False
    values: tuple[str, ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()

    @property
    def wire_name(self) -> str:
        """The name on the wire."""
        return camel_case(self.name)


@dataclass(frozen=True, slots=True)
class Function:
    """One documented function.

    Attributes
    ----------
    name
        The documented name, in snake case.
    endpoint
        The last segment of its path. Inferred from the documented style, so users can override it.
    parameters, columns
        In documented order, which the wire does not keep.
    instrument_columns
        The additional columns for each type of instrument.
    timestamp
        The date column and the time column of a row's timestamp.
    symbol_column
        A first column with the requested symbol, because the response has none; None if it has one.
    paged
        Whether a response is one page, with the cursor of the next page in its metadata.
    windowed
        Whether the rows of a time window are exactly those rows of the whole day that are inside it.
    changes_later
        Whether a response can change after the requested days have passed.
    """

    name: str
    endpoint: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    instrument_columns: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)
    timestamp: tuple[str, str] | None = None
    symbol_column: Column | None = None
    paged: bool = False
    windowed: bool = False
    changes_later: bool = False

    @property
    def dated(self) -> bool:
        """Whether a response covers given days, so that it is final once they have passed."""
        return not self.changes_later and any(
            parameter.kind is ParameterKind.DATE and parameter.required for parameter in self.parameters
        )

    def columns_for(self, data_type: str | None = None, instrument_type: str | None = None) -> tuple[Column, ...]:
        """Return the columns of a response, in documented order.

        Parameters
        ----------
        data_type
            The requested data type, if the function accepts one. Of one that is not in the catalogue, only the
            columns that all data types have are known.
        instrument_type
            The requested type of instrument, if the function accepts one. If it is omitted or not
            documented, the columns of all types are optional.
        """
        columns = self.columns
        if data_type is not None:
            columns = tuple(
                column for column in columns if data_type in column.data_types or column.data_types == set(TickDataType)
            )
        added = self.instrument_columns.get(_plural(instrument_type)) if instrument_type else None
        return columns + (self._optional_columns() if added is None else added)

    def _optional_columns(self) -> tuple[Column, ...]:
        """Return the columns of all types of instrument, without duplicates."""
        columns = {column.name: column for added in self.instrument_columns.values() for column in added}
        return tuple(replace(column, optional=True) for column in columns.values())


def _plural(instrument_type: str) -> str:
    """Spell a type of instrument as in the catalogue: ``"Future option"`` is ``future_options``.

    >>> _plural("EQUITY")
    'equities'
    """
    words = instrument_type.strip().lower().replace("-", "_").replace(" ", "_")
    if words.endswith("s"):
        return words
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"


def camel_case(name: str) -> str:
    """Convert a snake_case name to the camelCase of the service.

    >>> camel_case("from_time")
    'fromTime'
    """
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
