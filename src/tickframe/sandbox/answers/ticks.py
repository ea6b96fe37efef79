"""Ticks, bars of ticks, and snapshots."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.catalogue import TickDataFlag, TickDataType
from tickframe.sandbox.answers.bars import quote_bars, time_bins, trade_bars
from tickframe.sandbox.answers.response import (
    Response,
    check_source,
    check_window,
    columns_of,
    constant,
    empty_table,
    no_data,
    requested_symbols,
    response_table,
)
from tickframe.sandbox.answers.selection import UTC_NOT_SIMULATED, in_time_order, rows_as_of, select, within
from tickframe.sandbox.market.arrays import SECOND, durations, nanoseconds
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import NANOSECONDS_OF_DAY, Parameters
from tickframe.sandbox.refusal import RefusalError
from tickframe.wire.contract import Value

_DEFAULT_BIN_SECONDS = 60

_NO_TRADES = empty_table("tick_data", TickDataType.TRADES)
_NO_QUOTES = empty_table("tick_data", TickDataType.QUOTES)
_TRADES_AND_QUOTES = empty_table("tick_data", TickDataType.TRADES_AND_QUOTES)


class _Ticks(NamedTuple):
    """The selected ticks of one symbol and day; those of a data type that is not requested have no rows."""

    trades: pa.Table
    quotes: pa.Table


_Columns = dict[str, pa.Array | pa.ChunkedArray]


def answer_tick_data(market: Market, parameters: Parameters) -> Response:
    """Answer with the ticks of a window that includes both ends, in the market's order.

    ``TRADES_AND_QUOTES`` has one row per trade, with the prevailing quote of the day.
    """

    def in_window(ticks: _Ticks) -> _Columns:
        requested = ticks.quotes if parameters["data_type"] is TickDataType.QUOTES else ticks.trades
        requested = within(requested, parameters.get("from_time"), parameters.get("to_time"))
        if parameters["data_type"] is not TickDataType.TRADES_AND_QUOTES:
            return columns_of(requested)
        quotes = rows_as_of(ticks.quotes, nanoseconds(requested), inclusive=True)
        return {**columns_of(quotes), **columns_of(requested)}

    return _answer_symbol("tick_data", market, parameters, in_window)


def answer_tick_data_with_quote_rows(market: Market, parameters: Parameters) -> Response:
    """Answer as :func:`answer_tick_data`, but ``TRADES_AND_QUOTES`` also has one row per quote, without a trade.

    Rows are in order of time. A trade follows the quotes of the same time, of which the last prevails.
    """
    if parameters["data_type"] is not TickDataType.TRADES_AND_QUOTES:
        return answer_tick_data(market, parameters)

    def in_window(ticks: _Ticks) -> _Columns:
        trades, quotes = (within(side, parameters.get("from_time"), parameters.get("to_time")) for side in ticks)
        prevailing = rows_as_of(ticks.quotes, nanoseconds(trades), inclusive=True)
        with_trades = _rows({**columns_of(prevailing), **columns_of(trades)}, len(trades))
        merged = pa.concat_tables([_rows(columns_of(quotes), len(quotes)), with_trades])
        return columns_of(in_time_order(merged.unify_dictionaries().combine_chunks()))

    return _answer_symbol("tick_data", market, parameters, in_window)


def _rows(columns: _Columns, length: int) -> pa.Table:
    """Return the columns of trades and quotes but symbol and date, null where there is none."""
    fields = [field for field in _TRADES_AND_QUOTES.schema if field.name not in ("symbol", "date")]
    arrays = [
        columns[field.name].cast(field.type) if field.name in columns else pa.nulls(length, field.type)
        for field in fields
    ]
    return pa.table(arrays, pa.schema(fields))


def answer_tick_aggregated(market: Market, parameters: Parameters) -> Response:
    """Answer with one row per time bin of the window, by default the 24 hours of the day."""
    size = parameters.get("bin_size", _DEFAULT_BIN_SECONDS)
    if size < 1:
        raise RefusalError(f"'binSize' is {size}: expected at least 1 second")

    def in_bins(ticks: _Ticks) -> _Columns:
        from_time = parameters.get("from_time", 0)
        to_time = parameters.get("to_time", max(from_time, NANOSECONDS_OF_DAY))
        bins = time_bins(from_time, to_time, min(size * SECOND, 2 * NANOSECONDS_OF_DAY))
        return {**trade_bars(ticks.trades, bins), **quote_bars(ticks.quotes, bins), "time": durations(bins.ends)}

    return _answer_symbol("tick_aggregated", market, parameters, in_bins)


def _answer_symbol(
    function: str, market: Market, parameters: Parameters, columns_from: Callable[[_Ticks], _Columns]
) -> Response:
    """Answer with columns that are calculated from the ticks of one symbol and day."""
    check_source(market, parameters)
    check_window(parameters)
    data_type, symbol, day = parameters["data_type"], parameters["symbol"], parameters["day"]
    ticks = _ticks(market, parameters, symbol)
    if ticks is None:
        return Response(empty_table(function, data_type), (no_data(market, symbol, f"on {day}"),))
    columns = columns_from(ticks)
    rows = len(columns["time"])
    columns.update(symbol=constant(symbol, rows), date=constant(day, rows))
    table = response_table(function, columns, data_type)
    return Response(table, _not_simulated(parameters), _condition_info(market, parameters, table))


def answer_tick_snapshot(market: Market, parameters: Parameters) -> Response:
    """Answer with one row per symbol: its most recent trade and quote at or before the time."""
    check_source(market, parameters)
    data_type, day = parameters["data_type"], parameters["day"]
    as_of = np.array([parameters["time"]])
    rows, warnings = [empty_table("tick_snapshot", data_type)], [*_not_simulated(parameters)]
    for symbol in requested_symbols(parameters):
        ticks = _ticks(market, parameters, symbol)
        if ticks is None:
            warnings.append(no_data(market, symbol, f"on {day}"))
            continue
        trade, quote = (rows_as_of(side, as_of, inclusive=True) for side in ticks)
        latest = pc.max_element_wise(trade["time"], quote["time"])
        if latest.null_count:
            warnings.append(f"no data for {symbol} on {day} at or before the requested time")
            continue
        columns = {**columns_of(trade), **columns_of(quote), "time": latest}
        columns.update(symbol=constant(symbol, 1), date=constant(day, 1))
        rows.append(response_table("tick_snapshot", columns, data_type))
    table = pa.concat_tables(rows)
    return Response(table, tuple(warnings), _condition_info(market, parameters, table))


def _ticks(market: Market, parameters: Parameters, symbol: str) -> _Ticks | None:
    data_type, day = parameters["data_type"], parameters["day"]
    flags = parameters.get("flags", frozenset())
    trades = market.trades(symbol, day) if data_type is not TickDataType.QUOTES else None
    quotes = market.quotes(symbol, day) if data_type is not TickDataType.TRADES else None
    if trades is None and quotes is None:
        return None
    return _Ticks(
        _NO_TRADES if trades is None else select(trades, flags), _NO_QUOTES if quotes is None else select(quotes, flags)
    )


def _not_simulated(parameters: Parameters) -> tuple[str, ...]:
    return (UTC_NOT_SIMULATED,) if TickDataFlag.USE_MARKET_UTC_TS in parameters.get("flags", frozenset()) else ()


def _condition_info(market: Market, parameters: Parameters, table: pa.Table) -> dict[str, Value]:
    """Return the meanings of the table's trade conditions if the flags request them."""
    requested = TickDataFlag.INCLUDE_TRADE_CONDITION_INFO in parameters.get("flags", frozenset())
    if not requested or "trade_condition" not in table.column_names:
        return {}
    info = Value()
    info.object.SetInParent()
    for code in pc.unique(table["trade_condition"].cast(pa.string())).drop_null().to_pylist():
        condition = market.condition(code)
        fields = info.object.fields[code].object.fields
        fields["trade_description"].string_value = condition.description
        fields["trade_category"].string_value = condition.category
        fields["continuous_session"].bool_value = condition.continuous_session
    return {"trade_conditions": info}
