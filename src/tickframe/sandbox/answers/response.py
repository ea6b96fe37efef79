"""The response of a function, and the checks, tables and warnings that functions share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from tickframe.catalogue import FUNCTIONS, TickDataType
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import NANOSECONDS_OF_DAY, Parameters
from tickframe.sandbox.refusal import RefusalError, near_names, suggestion
from tickframe.wire.batch import documented_schema
from tickframe.wire.contract import Value

# Documented as a time of day, but an integer in an older contract: clients have to take either.
_SENT_AS = {"order_type": pa.int64()}

# Many symbols are a little alike: only close matches of about the same length are worth naming.
_SIMILARITY = 0.8
_LENGTH_DIFFERENCE = 2


@dataclass(frozen=True)
class Response:
    """A table with documented columns, warnings, and further values."""

    table: pa.Table
    warnings: tuple[str, ...] = ()
    meta: Mapping[str, Value] = field(default_factory=dict)


def check_source(market: Market, parameters: Parameters) -> str:
    """Return the requested source.

    Raises
    ------
    RefusalError
        If the market does not have it.
    """
    source = parameters["source"]
    if source not in market.sources:
        raise RefusalError(f"unknown source {source!r}: {suggestion(source, market.sources)}")
    return source


def check_window(parameters: Parameters) -> None:
    """Refuse a window that ends before it starts."""
    if parameters.get("to_time", 2 * NANOSECONDS_OF_DAY) < parameters.get("from_time", 0):
        raise RefusalError("'toTime' is before 'fromTime'")


def requested_symbols(parameters: Parameters) -> tuple[str, ...]:
    """Return the requested symbols without duplicates.

    Raises
    ------
    RefusalError
        If there are none.
    """
    symbols = parameters["symbols"]
    if not symbols:
        raise RefusalError("'symbols' is an empty list: name at least one symbol")
    return tuple(dict.fromkeys(symbols))


def no_data(market: Market, symbol: str, when: str) -> str:
    """Return the warning that there is no data for a symbol, and why."""
    if market.lists(symbol):
        return f"no data for {symbol} {when}"
    known = market.symbols()["symbol"].to_pylist()
    near = near_names(
        symbol, [name for name in known if abs(len(name) - len(symbol)) <= _LENGTH_DIFFERENCE], _SIMILARITY
    )
    return f"symbol {symbol} does not exist" + (f": {near}" if near else "")


def only_ticks(function: str, market: Market, what: str) -> Response:
    """Return the response of a market that has no venue."""
    warning = f"{' and '.join(market.sources)} has no {what}: it holds only trades and quotes"
    return Response(empty_table(function), (warning,))


def response_table(
    function: str, columns: Mapping[str, pa.Array | pa.ChunkedArray], data_type: TickDataType | None = None
) -> pa.Table:
    """Return the documented columns of a function, in documented order and types.

    Parameters
    ----------
    function
        The documented name of the function.
    columns
        Columns by name; those that are not documented are ignored.
    data_type
        The requested data type, for a function that takes one.
    """
    schema = empty_table(function, data_type).schema
    return pa.table([columns[field.name].cast(field.type) for field in schema], schema)


def empty_table(function: str, data_type: TickDataType | None = None) -> pa.Table:
    """Return the documented columns of a function without rows."""
    schema = documented_schema(FUNCTIONS[function].columns_for(data_type))
    return pa.schema([(field.name, _SENT_AS.get(field.name, field.type)) for field in schema]).empty_table()


def columns_of(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """Return the columns of a table by name."""
    return dict(zip(table.column_names, table.columns, strict=True))


def constant(value: str | dt.date, length: int) -> pa.Array:
    """Return a column of one value: a string as a dictionary array, a day as date32."""
    if isinstance(value, dt.date):
        return pa.repeat(pa.scalar(value, pa.date32()), length)
    return pa.DictionaryArray.from_arrays(np.zeros(length, dtype=np.int32), [value])
