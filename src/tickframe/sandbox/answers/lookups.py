"""The lookups: sources, exchanges and symbols."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tickframe.sandbox.answers.columns import answer_table, columns_of, constant
from tickframe.sandbox.answers.response import Answer, check_source
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import Parameters
from tickframe.sandbox.refusal import RefusalError
from tickframe.wire.contract import Value

_USUAL_PAGE = 100
_LARGEST_PAGE = 10_000

_SEARCHED = ("symbol", "name", "isin", "local_code")


def answer_sources(market: Market, _parameters: Parameters) -> Answer:
    """Answer the sources, in the market's order."""
    return Answer(answer_table("lookup_sources", {"source": pa.array(market.sources)}))


def answer_exchanges(market: Market, parameters: Parameters) -> Answer:
    """Answer the exchanges that pass the filters and have days in the period."""
    source = check_source(market, parameters)
    exchanges = _in_period(market.exchanges(), parameters)
    exchanges = _one_of(exchanges, "exchange", parameters.get("exchange_filters"))
    return Answer(_with_source("lookup_exchanges", exchanges, source))


def answer_symbols(market: Market, parameters: Parameters) -> Answer:
    """Answer one page of the symbols that pass the filters; its meta leads to the next."""
    source = check_source(market, parameters)
    symbols = _in_period(market.symbols(), parameters)
    symbols = _one_of(symbols, "exchange", parameters.get("exchange_filters"))
    symbols = _one_of(symbols, "region", parameters.get("region_filters"))
    symbols = _one_of(symbols, "entity_class", parameters.get("entity_class_filters"))
    symbols = _matching(symbols, parameters.get("pattern", ""))
    limit = parameters.get("page_limit", _USUAL_PAGE)
    if not 1 <= limit <= _LARGEST_PAGE:
        raise RefusalError(f"a page of {limit:,} rows is not possible: 'pageLimit' is 1 to {_LARGEST_PAGE:,}")
    start = _page_start(parameters.get("cursor", ""), len(symbols))
    meta = {"total_hits": Value(integer_value=len(symbols))}
    if start + limit < len(symbols):
        meta["cursor"] = Value(string_value=str(start + limit))
    return Answer(_with_source("lookup_symbols", symbols.slice(start, limit), source), meta=meta)


def _page_start(cursor: str, hits: int) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit()) or int(cursor) >= hits:
        raise RefusalError(
            f"cursor {cursor!r} is of no page of this lookup: send the 'cursor' of the page before, or none"
        )
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
    # In capitals on both sides, for whatever the letters are.
    hits = [pc.match_substring(pc.utf8_upper(symbols[name]), pattern.upper()) for name in _SEARCHED]
    found = hits[0]
    for hit in hits[1:]:
        found = pc.or_(found, hit)
    return symbols.filter(found)


def _with_source(function: str, table: pa.Table, source: str) -> pa.Table:
    return answer_table(function, {"source": constant(source, len(table)), **columns_of(table)})
