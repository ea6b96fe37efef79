"""Reference data and chains."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from tickframe.catalogue import FUNCTIONS, Column, ColumnKind
from tickframe.sandbox.answers.response import (
    Response,
    check_source,
    columns_of,
    empty_table,
    no_data,
    only_ticks,
    requested_symbols,
    response_table,
)
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import Parameters
from tickframe.sandbox.refusal import RefusalError, suggestion
from tickframe.wire.batch import documented_schema

_REFERENCE_DATA = FUNCTIONS["reference_data"]


def answer_reference_data(market: Market, parameters: Parameters) -> Response:
    """Answer with one row per symbol that is listed on the day.

    With an instrument type, the rows are the symbols of this type, and the columns are those of the type.
    Without one, the columns are those of the types of all requested symbols, listed on the day or not.
    """
    check_source(market, parameters)
    day, requested = parameters["day"], parameters.get("instrument_type")
    types = set() if requested is None else {_documented_type(requested)}
    rows, warnings = [], []
    for symbol in requested_symbols(parameters):
        if not market.lists(symbol):
            warnings.append(no_data(market, symbol, f"on {day}"))
            continue
        reference = market.reference(symbol)
        if requested is None:
            types.add(reference.instrument_type)
        if not market.is_open(symbol, day):
            warnings.append(no_data(market, symbol, f"on {day}"))
        elif reference.instrument_type not in types | {""}:
            warnings.append(f"{symbol} has the instrument type {reference.instrument_type}, not {' '.join(types)}")
        else:
            rows.append(reference.values)
    return Response(_table_of_rows(_columns_of_types(types), rows), tuple(warnings))


def answer_chain(market: Market, parameters: Parameters) -> Response:
    """Answer with the contracts of a chain that are listed on the day, by expiration and strike price."""
    check_source(market, parameters)
    if market.venue is None:
        return only_ticks("chain", market, "chains")
    chain_type, day = parameters["chain_type"], parameters["day"]
    chain = (parameters["symbol"], parameters["exchange"])
    known = market.venue.chain_names(chain_type)
    name = " at ".join(chain)
    if chain not in known:
        near = suggestion(name, map(" at ".join, known))
        return Response(empty_table("chain"), (f"there is no {chain_type} chain {name}: {near}",))
    members = response_table("chain", columns_of(market.venue.chain(chain_type, *chain, day)))
    return Response(members, () if len(members) else (f"no data for {name} on {day}",))


def _documented_type(spelled: str) -> str:
    """Return the documented name of an instrument type in any spelling that the catalogue knows."""
    for name, added in _REFERENCE_DATA.instrument_columns.items():
        if _REFERENCE_DATA.columns_for(instrument_type=spelled) == (*_REFERENCE_DATA.columns, *added):
            return name
    raise RefusalError(
        f"unknown instrument type {spelled!r}: {suggestion(spelled, _REFERENCE_DATA.instrument_columns)}"
    )


def _columns_of_types(types: Iterable[str]) -> tuple[Column, ...]:
    """Return the documented columns of instrument types without duplicates."""
    columns = {column.name: column for column in _REFERENCE_DATA.columns}
    for name, added in _REFERENCE_DATA.instrument_columns.items():
        for column in added if name in types else ():
            # A date that is a string for options and a date for other types is sent as a string.
            kind = ColumnKind.STRING if column.kind is ColumnKind.STRING else columns.get(column.name, column).kind
            columns[column.name] = replace(column, kind=kind)
    return tuple(columns.values())


def _table_of_rows(columns: Sequence[Column], rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Return rows as a table with documented types; missing values are null."""
    schema = documented_schema(columns)
    arrays = []
    for field in schema:
        values = [row.get(field.name) for row in rows]
        if field.type == pa.string():
            values = [value.isoformat() if isinstance(value, dt.date) else value for value in values]
        arrays.append(
            pa.array(values, pa.string() if pa.types.is_dictionary(field.type) else field.type).cast(field.type)
        )
    return pa.table(arrays, schema)
