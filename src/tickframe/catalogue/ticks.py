"""Functions whose rows are events of a session, or sums of them: ticks, bars, snapshots, orders."""

from __future__ import annotations

from tickframe.catalogue import parameters as p
from tickframe.catalogue.model import Column, ColumnKind, Function, Parameter, ParameterKind, TickDataType

_WITH_TRADES = frozenset({TickDataType.TRADES, TickDataType.TRADES_AND_QUOTES})
_WITH_QUOTES = frozenset({TickDataType.QUOTES, TickDataType.TRADES_AND_QUOTES})

_SYMBOL = Column("symbol", ColumnKind.LABEL, "The symbol.")
_DATE = Column("date", ColumnKind.DATE, "The day.")
_TRADE = Column("trade", ColumnKind.FLOAT, "The trade's price.", _WITH_TRADES)
_TRADE_SIZE = Column("trade_size", ColumnKind.INTEGER, "The trade's size.", _WITH_TRADES)
_TRADE_CONDITION = Column("trade_condition", ColumnKind.LABEL, "The trade's conditions.", _WITH_TRADES)
_ASK = Column("ask", ColumnKind.FLOAT, "The best ask's price.", _WITH_QUOTES)
_ASK_SIZE = Column("ask_size", ColumnKind.INTEGER, "The best ask's size.", _WITH_QUOTES)
_BID = Column("bid", ColumnKind.FLOAT, "The best bid's price.", _WITH_QUOTES)
_BID_SIZE = Column("bid_size", ColumnKind.INTEGER, "The best bid's size.", _WITH_QUOTES)

TICKS = (
    Function(
        name="tick_data",
        endpoint="tickData",
        parameters=(p.SOURCE, p.DATA_TYPE, p.SYMBOL, p.DAY, p.FROM_TIME, p.TO_TIME, p.FLAGS),
        columns=(
            _SYMBOL,
            _DATE,
            Column("time", ColumnKind.TIME, "The time of the trade, or of the quote."),
            _TRADE,
            _TRADE_SIZE,
            _TRADE_CONDITION,
            _ASK,
            _ASK_SIZE,
            _BID,
            _BID_SIZE,
        ),
        timestamp=("date", "time"),
        windowed=True,
    ),
    Function(
        name="tick_aggregated",
        endpoint="tickAggregated",
        parameters=(
            p.SOURCE,
            p.DATA_TYPE,
            p.SYMBOL,
            p.DAY,
            p.FROM_TIME,
            p.TO_TIME,
            Parameter("bin_size", ParameterKind.INTEGER),
            p.FLAGS,
        ),
        columns=(
            _SYMBOL,
            _DATE,
            Column("time", ColumnKind.TIME, "The end of the bin."),
            Column("open", ColumnKind.FLOAT, "The first trade's price; null in a bin without trades.", _WITH_TRADES),
            Column("high", ColumnKind.FLOAT, "The highest trade's price.", _WITH_TRADES),
            Column("low", ColumnKind.FLOAT, "The lowest trade's price.", _WITH_TRADES),
            Column("close", ColumnKind.FLOAT, "The last trade's price.", _WITH_TRADES),
            Column("trade_count", ColumnKind.INTEGER, "How many trades.", _WITH_TRADES),
            Column("volume", ColumnKind.INTEGER, "The sum of their sizes.", _WITH_TRADES),
            Column("trade_condition", ColumnKind.LABEL, "The last trade's conditions.", _WITH_TRADES),
            _BID,
            _BID_SIZE,
            _ASK,
            _ASK_SIZE,
        ),
        timestamp=("date", "time"),
    ),
    Function(
        name="tick_snapshot",
        endpoint="tickSnapshot",
        parameters=(
            p.SOURCE,
            p.DATA_TYPE,
            p.SYMBOLS,
            p.DAY,
            Parameter("time", ParameterKind.TIME, required=True),
            p.FLAGS,
        ),
        columns=(
            _SYMBOL,
            _DATE,
            Column("time", ColumnKind.TIME, "The time of the last trade or quote."),
            _TRADE,
            _TRADE_SIZE,
            _TRADE_CONDITION,
            _BID,
            _BID_SIZE,
            _ASK,
            _ASK_SIZE,
        ),
        timestamp=("date", "time"),
    ),
    Function(
        name="order_data",
        endpoint="orders",
        parameters=(p.SOURCE, p.SYMBOLS, p.DAY, p.FROM_TIME, p.TO_TIME),
        columns=(
            _SYMBOL,
            Column("order_date", ColumnKind.DATE, "The day."),
            Column("time", ColumnKind.TIME, "The time of the event."),
            Column("action", ColumnKind.LABEL, "What happened to the order."),
            Column("order_id", ColumnKind.STRING, "The order."),
            Column("order_side", ColumnKind.LABEL, "The order's side."),
            Column("order_price", ColumnKind.FLOAT, "The order's price."),
            Column("order_size", ColumnKind.INTEGER, "The order's size."),
            Column("order_time", ColumnKind.TIME, "The time of the order itself."),
            Column("trade_id", ColumnKind.STRING, "The trade, where the event is one."),
            Column("order_type", ColumnKind.TIME, "Documented as a time of day; an older contract sends integers."),
        ),
        timestamp=("order_date", "time"),
        windowed=True,
    ),
)
