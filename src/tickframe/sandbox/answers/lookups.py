"""Lookups of sources, exchanges and symbols."""

from __future__ import annotations

from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from tickframe.catalogue import ItemType
from tickframe.sandbox.answers.response import Response, check_source, columns_of, constant, response_table
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import Parameters
from tickframe.sandbox.refusal import RefusalError
from tickframe.wire.contract import Value

_DEFAULT_PAGE = 100
_LARGEST_PAGE = 10_000

_SEARCHED = ("symbol", "name", "isin", "local_code")


def answer_sources(market: Market, _parameters: Parameters) -> Response:
    """Answer with the sources, in the market's order."""
    return Response(response_table("lookup_sources", {"source": pa.array(market.sources)}))


def answer_exchanges(market: Market, parameters: Parameters) -> Response:
    """Answer with the exchanges that match the filters and have data in the period."""
    source = check_source(market, parameters)
    exchanges = _in_period(market.exchanges(), parameters)
    exchanges = _one_of(exchanges, "exchange", parameters.get("exchange_filters"))
    return Response(_with_source("lookup_exchanges", exchanges, source))


def answer_symbols(market: Market, parameters: Parameters) -> Response:
    """Answer with one page of the symbols that match the filters, and the cursor of the next page."""
    source = check_source(market, parameters)
    symbols = _in_period(market.symbols(), parameters)
    symbols = _one_of(symbols, "exchange", parameters.get("exchange_filters"))
    symbols = _one_of(symbols, "region", parameters.get("region_filters"))
    symbols = _one_of(symbols, "entity_class", parameters.get("entity_class_filters"))
    symbols = _matching(symbols, parameters.get("pattern", ""))
    if ItemType.INDIVIDUAL_ITEM not in parameters.get("item_type_filters", (ItemType.INDIVIDUAL_ITEM,)):
        # The market lists no chains or exchanges as symbols.
        symbols = symbols.slice(0, 0)
    limit = parameters.get("page_limit", _DEFAULT_PAGE)
    if not 1 <= limit <= _LARGEST_PAGE:
        raise RefusalError(f"'pageLimit' is {limit:,}: expected 1 to {_LARGEST_PAGE:,} rows")
    start = _page_start(parameters.get("cursor", ""), len(symbols))
    meta = {"total_hits": Value(integer_value=len(symbols))}
    if start + limit < len(symbols):
        meta["cursor"] = Value(string_value=str(start + limit))
    return Response(_with_source("lookup_symbols", symbols.slice(start, limit), source), meta=meta)


def _page_start(cursor: str, hits: int) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit()) or int(cursor) >= hits:
        raise RefusalError(f"invalid cursor {cursor!r}: send the 'cursor' of the previous page, or none for the first")
    return int(cursor)


def _in_period(table: pa.Table, parameters: Parameters) -> pa.Table:
    first_day, last_day = parameters.get("first_day"), parameters.get("last_day")
    if first_day is not None:
        table = table.filter(pc.greater_equal(table["last_day"], pa.scalar(first_day)))
    if last_day is not None:
        table = table.filter(pc.less_equal(table["first_day"], pa.scalar(last_day)))
    return table


def _one_of(table: pa.Table, name: str, accepted: tuple[str, ...] | None) -> pa.Table:
    if not accepted:
        return table
    return table.filter(pc.is_in(table[name], value_set=pa.array(accepted, pa.string())))


def _matching(symbols: pa.Table, pattern: str) -> pa.Table:
    if not pattern:
        return symbols
    # Upper case on both sides makes the match ignore case.
    hits = (pc.match_substring(pc.utf8_upper(symbols[name]), pattern.upper()) for name in _SEARCHED)
    return symbols.filter(reduce(pc.or_, hits))


def _with_source(function: str, table: pa.Table, source: str) -> pa.Table:
    return response_table(function, {"source": constant(source, len(table)), **columns_of(table)})
