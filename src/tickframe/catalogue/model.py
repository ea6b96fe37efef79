"""What a function of the service is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class TickDataType(StrEnum):
    """What ticks to answer with."""

    TRADES = "TRADES"
    QUOTES = "QUOTES"
    #: Trades, each with the quote that stood at its time.
    TRADES_AND_QUOTES = "TRADES_AND_QUOTES"


class TickDataFlag(StrEnum):
    """Which ticks to include, and with which times and prices."""

    #: Times are the exchange's, not those of the capture.
    USE_MARKET_TS = "USE_MARKET_TS"
    #: Prices and sizes of corrected trades are the corrected ones.
    APPLY_TRADE_CORRECTIONS = "APPLY_TRADE_CORRECTIONS"
    #: The answer's meta explains the trade conditions.
    INCLUDE_TRADE_CONDITION_INFO = "INCLUDE_TRADE_CONDITION_INFO"
    #: Non-regular trades are included.
    INCLUDE_NON_REGULAR = "INCLUDE_NON_REGULAR"
    #: Only ticks of the continuous session are included.
    INCLUDE_CONTINUOUS_SESSION_ONLY = "INCLUDE_CONTINUOUS_SESSION_ONLY"
    #: Cancelled trades are left out.
    EXCLUDE_CANCELLED_TRADES = "EXCLUDE_CANCELLED_TRADES"


class ColumnKind(Enum):
    """What a column holds."""

    STRING = "string"
    #: A string out of few: it becomes a dictionary in Arrow and a category in pandas.
    LABEL = "label"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    #: A time of day, in nanoseconds since midnight; it can pass 24 hours.
    TIME = "time"
    STRING_LIST = "list of strings"


class ParameterKind(Enum):
    """What a parameter takes."""

    STRING = "string"
    STRING_LIST = "list of strings"
    INTEGER = "integer"
    DATE = "date"
    TIME = "time"
    DATA_TYPE = "data type"
    FLAGS = "flags"


@dataclass(frozen=True, slots=True)
class Column:
    """One documented column.

    Attributes
    ----------
    name, kind
        As documented.
    data_types
        The data types whose answers have this column.
    """

    name: str
    kind: ColumnKind
    data_types: frozenset[TickDataType] = frozenset(TickDataType)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One documented parameter.

    Attributes
    ----------
    name, kind, required
        As documented.
    splits
        Whether the service takes one value where a user may give many: a query then makes one
        request for each.
    """

    name: str
    kind: ParameterKind
    required: bool = False
    splits: bool = False

    @property
    def wire_name(self) -> str:
        """The name that travels."""
        return camel_case(self.name)


@dataclass(frozen=True, slots=True)
class Function:
    """One documented function.

    Attributes
    ----------
    name
        The documented name, in snake case.
    endpoint
        The last piece of its path. Inferred from the documented style, so it can be overridden.
    parameters, columns
        In documented order; the wire keeps no order, so this is its only source.
    timestamp
        The date column and the time column that together say when a row happened.
    paged
        Whether an answer holds one page, and its meta the cursor of the next.
    """

    name: str
    endpoint: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    timestamp: tuple[str, str] | None = None
    paged: bool = False

    def columns_for(self, data_type: TickDataType | None = None) -> tuple[Column, ...]:
        """Return the columns of an answer, in documented order.

        Parameters
        ----------
        data_type
            The data type that was asked for, where the function takes one.
        """
        if data_type is None:
            return self.columns
        return tuple(column for column in self.columns if data_type in column.data_types)


def camel_case(name: str) -> str:
    """Spell a snake_case name as the service spells its parameters.

    >>> camel_case("from_time")
    'fromTime'
    """
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
