"""What a function of the service is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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


class ChainType(StrEnum):
    """What a chain consists of."""

    OPTIONS = "OPTIONS"
    FUTURES = "FUTURES"
    FUTURE_OPTIONS = "FUTURE_OPTIONS"


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
    CHAIN_TYPE = "chain type"


@dataclass(frozen=True, slots=True)
class Column:
    """One documented column.

    Attributes
    ----------
    name, kind
        As documented.
    description
        What it holds, in a sentence.
    data_types
        The data types whose answers have this column.
    optional
        Whether an answer can leave it out, as reference data do with what another type has.
    """

    name: str
    kind: ColumnKind
    description: str = ""
    data_types: frozenset[TickDataType] = frozenset(TickDataType)
    optional: bool = False


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
    instrument_columns
        The columns that are added for each type of instrument.
    timestamp
        The date column and the time column that together say when a row happened.
    paged
        Whether an answer holds one page, and its meta the cursor of the next.
    windowed
        Whether a window of time holds the rows of the whole day that lie in it, and no others.
    """

    name: str
    endpoint: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    instrument_columns: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)
    timestamp: tuple[str, str] | None = None
    paged: bool = False
    windowed: bool = False

    @property
    def dated(self) -> bool:
        """Whether an answer is of days that are named, so that it is final when they have passed."""
        return any(parameter.kind is ParameterKind.DATE and parameter.required for parameter in self.parameters)

    def columns_for(
        self, data_type: TickDataType | None = None, instrument_type: str | None = None
    ) -> tuple[Column, ...]:
        """Return the columns of an answer, in documented order.

        Parameters
        ----------
        data_type
            The data type that was asked for, where the function takes one.
        instrument_type
            The type of instrument that was asked for, where the function takes one. Without it, or
            with one that is not documented, the columns of all types are optional.
        """
        columns = self.columns
        if data_type is not None:
            columns = tuple(column for column in columns if data_type in column.data_types)
        added = self.instrument_columns.get(_plural(instrument_type)) if instrument_type else None
        return columns + (self._optional_columns() if added is None else added)

    def _optional_columns(self) -> tuple[Column, ...]:
        """Return the columns of all types of instrument, each name once."""
        columns = {column.name: column for added in self.instrument_columns.values() for column in added}
        return tuple(replace(column, optional=True) for column in columns.values())


def _plural(instrument_type: str) -> str:
    """Spell a type of instrument as the catalogue does: ``"Future option"`` is ``future_options``.

    >>> _plural("EQUITY")
    'equities'
    """
    words = instrument_type.strip().lower().replace("-", "_").replace(" ", "_")
    if words.endswith("s"):
        return words
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"


def camel_case(name: str) -> str:
    """Spell a snake_case name as the service spells its parameters.

    >>> camel_case("from_time")
    'fromTime'
    """
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
