"""Functions that sum up a day: bars, auctions, settlements, the status through the session."""

from __future__ import annotations

from tickframe.catalogue import parameters as p
from tickframe.catalogue.model import Column, ColumnKind, Function

_SYMBOL = Column("symbol", ColumnKind.LABEL, "The symbol.")
_DATE = Column("date", ColumnKind.DATE, "The day.")

DAYS = (
    Function(
        name="auction_data",
        endpoint="auctions",
        parameters=(p.SOURCE, p.SYMBOLS, p.DAY),
        columns=(
            Column("time", ColumnKind.TIME, "The time of the message."),
            Column("imbalance_buy_volume", ColumnKind.INTEGER, "The volume that buyers ask beyond what is offered."),
            Column("imbalance_sell_volume", ColumnKind.INTEGER, "The volume that sellers offer beyond that."),
            Column("imbalance_volume_time", ColumnKind.TIME, "The time of the imbalance."),
            Column("cross_type", ColumnKind.LABEL, "The kind of cross."),
            Column("uncrossing_date", ColumnKind.DATE, "The day of the uncrossing."),
            Column("uncrossing_time", ColumnKind.TIME, "The time of the uncrossing."),
            Column("uncrossing_condition", ColumnKind.LABEL, "The conditions of the uncrossing trade."),
            Column("uncrossing_price", ColumnKind.FLOAT, "The price at which the auction uncrossed."),
            Column("uncrossing_volume", ColumnKind.INTEGER, "The volume at that price."),
            Column("uncrossing_type", ColumnKind.LABEL, "The kind of uncrossing."),
            Column("auction_date", ColumnKind.DATE, "The day of the auction."),
            Column("auction_time", ColumnKind.TIME, "The time of the indication."),
            Column("auction_status", ColumnKind.INTEGER, "The auction's status."),
            Column("auction", ColumnKind.FLOAT, "The indicative price."),
            Column("auction_volume", ColumnKind.INTEGER, "The indicative volume."),
            Column("auction_type", ColumnKind.LABEL, "The kind of auction."),
        ),
    ),
    Function(
        name="end_of_day",
        endpoint="endOfDay",
        parameters=(p.SOURCE, p.SYMBOLS, p.REQUIRED_FIRST_DAY, p.REQUIRED_LAST_DAY),
        columns=(
            _SYMBOL,
            _DATE,
            Column("open", ColumnKind.FLOAT, "The official opening price."),
            Column("high", ColumnKind.FLOAT, "The official highest price."),
            Column("low", ColumnKind.FLOAT, "The official lowest price."),
            Column("close", ColumnKind.FLOAT, "The official closing price."),
            Column("trade_count", ColumnKind.INTEGER, "How many trades."),
            Column("volume", ColumnKind.INTEGER, "The sum of their sizes."),
        ),
    ),
    Function(
        name="settlement_prices",
        endpoint="settlementPrices",
        parameters=(p.SOURCE, p.SYMBOLS, p.REQUIRED_FIRST_DAY, p.REQUIRED_LAST_DAY),
        columns=(
            _SYMBOL,
            Column("settlement_date", ColumnKind.DATE, "The day of the settlement."),
            Column("settlement_time", ColumnKind.TIME, "The time of the settlement."),
            Column("settlement", ColumnKind.FLOAT, "The settlement price."),
            Column("settlement_status", ColumnKind.INTEGER, "The settlement's status."),
            Column("settlement_size", ColumnKind.INTEGER, "The settlement's size."),
            Column("capture_date", ColumnKind.DATE, "The day of the recording, in UTC."),
            Column("capture_time", ColumnKind.TIME, "The time of the recording, in UTC."),
        ),
    ),
    Function(
        name="instrument_status",
        endpoint="instrumentStatus",
        parameters=(p.SOURCE, p.SYMBOLS, p.DAY),
        columns=(
            _SYMBOL,
            _DATE,
            Column("time", ColumnKind.TIME, "The time from which the status holds."),
            Column("instrument_status", ColumnKind.LABEL, "The status."),
            Column("instrument_status_description", ColumnKind.LABEL, "The status in words."),
            Column("continuous_session", ColumnKind.BOOLEAN, "Whether trading is continuous in this status."),
        ),
        timestamp=("date", "time"),
    ),
)
