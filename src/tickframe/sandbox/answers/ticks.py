"""The answers made of ticks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.catalogue import TickDataFlag, TickDataType
from tickframe.sandbox.answers.asof import rows_as_of
from tickframe.sandbox.answers.bars import quote_bars, time_bins, trade_bars
from tickframe.sandbox.answers.columns import answer_table, columns_of, constant, empty_answer
from tickframe.sandbox.answers.response import Answer, asked_symbols, check_source, check_window, nothing
from tickframe.sandbox.answers.selection import nanoseconds, select, within
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import NANOSECONDS_OF_DAY, Parameters
from tickframe.sandbox.refusal import RefusalError
from tickframe.wire.contract import Value

_SECOND = 10**9
_USUAL_BIN = 60

_TIME = ("time", pa.duration("ns"))
_NO_TRADES = pa.schema(
    [_TIME, ("trade", pa.float64()), ("trade_size", pa.int64()), ("trade_condition", pa.string())]
).empty_table()
_NO_QUOTES = pa.schema(
    [_TIME, ("ask", pa.float64()), ("ask_size", pa.int64()), ("bid", pa.float64()), ("bid_size", pa.int64())]
).empty_table()


def answer_tick_data(market: Market, parameters: Parameters) -> Answer:
    """Answer the ticks of a window, both ends included, in the market's order.

    ``TRADES_AND_QUOTES`` has a row per trade, with the most recent quote of the day as of the trade's time.
    """
    check_source(market, parameters)
    check_window(parameters)
    data_type, symbol, day = parameters["data_type"], parameters["symbol"], parameters["day"]
    ticks = _ticks(market, parameters, symbol)
    if ticks is None:
        return Answer(empty_answer("tick_data", data_type), (nothing(market, symbol, f"on {day}"),))
    wanted = ticks.quotes if data_type is TickDataType.QUOTES else ticks.trades
    wanted = within(wanted, parameters.get("from_time"), parameters.get("to_time"))
    columns = columns_of(wanted)
    if data_type is TickDataType.TRADES_AND_QUOTES:
        standing = rows_as_of(ticks.quotes, nanoseconds(wanted), inclusive=True)
        columns = {**columns_of(standing), **columns}
    columns.update(symbol=constant(symbol, len(wanted)), date=constant(day, len(wanted)))
    table = answer_table("tick_data", columns, data_type)
    return Answer(table, meta=_condition_info(market, parameters, table))


def answer_tick_aggregated(market: Market, parameters: Parameters) -> Answer:
    """Answer one row for each time bin of the window; without one, of the 24 hours of the day."""
    check_source(market, parameters)
    check_window(parameters)
    size = parameters.get("bin_size", _USUAL_BIN)
    if size < 1:
        raise RefusalError(f"'binSize' is {size}: give a number of seconds from 1 on")
    data_type, symbol, day = parameters["data_type"], parameters["symbol"], parameters["day"]
    ticks = _ticks(market, parameters, symbol)
    if ticks is None:
        return Answer(empty_answer("tick_aggregated", data_type), (nothing(market, symbol, f"on {day}"),))
    from_time = parameters.get("from_time", 0)
    to_time = parameters.get("to_time", max(from_time, NANOSECONDS_OF_DAY))
    bins = time_bins(from_time, to_time, min(size * _SECOND, 2 * NANOSECONDS_OF_DAY))
    columns = {
        **trade_bars(ticks.trades, bins),
        **quote_bars(ticks.quotes, bins),
        "symbol": constant(symbol, len(bins.ends)),
        "date": constant(day, len(bins.ends)),
        "time": _durations(bins.ends),
    }
    table = answer_table("tick_aggregated", columns, data_type)
    return Answer(table, meta=_condition_info(market, parameters, table))


def answer_tick_snapshot(market: Market, parameters: Parameters) -> Answer:
    """Answer one row per symbol: its most recent trade and quote as of the time, which counts too."""
    check_source(market, parameters)
    data_type, day = parameters["data_type"], parameters["day"]
    as_of = np.array([parameters["time"]])
    rows, warnings = [empty_answer("tick_snapshot", data_type)], []
    for symbol in asked_symbols(parameters):
        ticks = _ticks(market, parameters, symbol)
        if ticks is None:
            warnings.append(nothing(market, symbol, f"on {day}"))
            continue
        trade, quote = (rows_as_of(side, as_of, inclusive=True) for side in (ticks.trades, ticks.quotes))
        latest = pc.max_element_wise(trade["time"], quote["time"])
        if latest.null_count:
            warnings.append(f"no data for {symbol} on {day} by the time asked for")
            continue
        columns = {**columns_of(trade), **columns_of(quote), "time": latest}
        columns.update(symbol=constant(symbol, 1), date=constant(day, 1))
        rows.append(answer_table("tick_snapshot", columns, data_type))
    table = pa.concat_tables(rows)
    return Answer(table, tuple(warnings), _condition_info(market, parameters, table))


class _Ticks(NamedTuple):
    """The ticks of one symbol and day after the flags; a side that was not asked for has no rows."""

    trades: pa.Table
    quotes: pa.Table


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


def _condition_info(market: Market, parameters: Parameters, table: pa.Table) -> dict[str, Value]:
    asked = TickDataFlag.INCLUDE_TRADE_CONDITION_INFO in parameters.get("flags", frozenset())
    if not asked or "trade_condition" not in table.column_names:
        return {}
    info = Value()
    info.object.SetInParent()
    for code in pc.unique(table["trade_condition"].cast(pa.string())).drop_null().to_pylist():
        condition = market.condition(code)
        fields = info.object.fields[code].object.fields
        fields["description"].string_value = condition.description
        fields["category"].string_value = condition.category
        fields["continuous_session"].bool_value = condition.continuous_session
    return {"trade_conditions": info}


def _durations(nanoseconds_since_midnight: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(nanoseconds_since_midnight.view("timedelta64[ns]"))
