"""The answers about instruments: reference data and chains."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from tickframe.catalogue import FUNCTIONS, Column, ColumnKind
from tickframe.sandbox.answers.columns import answer_table, columns_of, empty_answer, table_of_rows
from tickframe.sandbox.answers.response import Answer, asked_symbols, check_source, nothing, without_venue
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import Parameters
from tickframe.sandbox.refusal import RefusalError, suggestion

_REFERENCE_DATA = FUNCTIONS["reference_data"]


def answer_reference_data(market: Market, parameters: Parameters) -> Answer:
    """Answer one row per symbol that is listed on the day.

    The columns are those of the instrument type that was asked for, and then only its symbols have a row;
    without one they are those of all the symbols, whether these have a row or not.
    """
    check_source(market, parameters)
    day, wanted = parameters["day"], parameters.get("instrument_type")
    types = set() if wanted is None else {_documented_type(wanted)}
    rows, warnings = [], []
    for symbol in asked_symbols(parameters):
        if not market.lists(symbol):
            warnings.append(nothing(market, symbol, f"on {day}"))
            continue
        reference = market.reference(symbol)
        if wanted is None:
            types.add(reference.instrument_type)
        if not market.is_open(symbol, day):
            warnings.append(nothing(market, symbol, f"on {day}"))
        elif reference.instrument_type not in types | {""}:
            warnings.append(f"{symbol} is of {reference.instrument_type}, and {' '.join(types)} were asked for")
        else:
            rows.append(reference.values)
    columns = _columns(types)
    strings = {column.name for column in columns if column.kind is ColumnKind.STRING}
    written = [{name: _written(value, name in strings) for name, value in row.items()} for row in rows]
    return Answer(table_of_rows(columns, written), tuple(warnings))


def answer_chain(market: Market, parameters: Parameters) -> Answer:
    """Answer the contracts of a chain that are listed on the day, in order of expiration and strike price."""
    check_source(market, parameters)
    if market.venue is None:
        return without_venue("chain", market)
    chain_type, day = parameters["chain_type"], parameters["day"]
    asked = (parameters["symbol"], parameters["exchange"])
    known = market.venue.chain_names(chain_type)
    if asked not in known:
        near = suggestion(" at ".join(asked), map(" at ".join, known))
        return Answer(empty_answer("chain"), (f"there is no chain of {chain_type} {' at '.join(asked)}: {near}",))
    members = answer_table("chain", columns_of(market.venue.chain(chain_type, *asked, day)))
    warnings = () if len(members) else (f"no data for {' at '.join(asked)} on {day}",)
    return Answer(members, warnings)


def _documented_type(spelled: str) -> str:
    """Return the documented name of an instrument type, however it is spelled."""
    for name, added in _REFERENCE_DATA.instrument_columns.items():
        if _REFERENCE_DATA.columns_for(instrument_type=spelled) == (*_REFERENCE_DATA.columns, *added):
            return name
    raise RefusalError(
        f"there is no instrument type {spelled!r}: {suggestion(spelled, _REFERENCE_DATA.instrument_columns)}"
    )


def _columns(types: Iterable[str]) -> tuple[Column, ...]:
    """Return the documented columns of instrument types, each name once."""
    columns = {column.name: column for column in _REFERENCE_DATA.columns}
    for name, added in _REFERENCE_DATA.instrument_columns.items():
        for column in added if name in types else ():
            # A day is a string for options and a date for others: as a string it can be both.
            kind = ColumnKind.STRING if column.kind is ColumnKind.STRING else columns.get(column.name, column).kind
            columns[column.name] = replace(column, kind=kind)
    return tuple(columns.values())


def _written(value: object, as_string: bool) -> object:
    return value.isoformat() if as_string and isinstance(value, dt.date) else value
