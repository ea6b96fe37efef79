"""What the service needs of a market: what it lists, and the ticks of a symbol on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import pyarrow as pa

from tickframe.catalogue import FUNCTIONS, ChainType
from tickframe.wire.batch import documented_schema


def _directory_schema(function: str) -> pa.Schema:
    """Return the documented columns of a lookup without ``source``; labels are plain strings."""
    fields = [field for field in documented_schema(FUNCTIONS[function].columns) if field.name != "source"]
    return pa.schema(
        [field.with_type(pa.string()) if pa.types.is_dictionary(field.type) else field for field in fields]
    )


EXCHANGES_SCHEMA = _directory_schema("lookup_exchanges")
SYMBOLS_SCHEMA = _directory_schema("lookup_symbols")


class TradeCondition(NamedTuple):
    """The meaning of a trade condition.

    The category is a documented one: Dark, Off, Lit, Lit - Auction or Lit - Periodic Auction.
    """

    description: str
    category: str
    continuous_session: bool


class Reference(NamedTuple):
    """The reference data of a symbol.

    Attributes
    ----------
    instrument_type
        Its documented type; empty if the market does not know it.
    values
        Known values by documented column names.
    """

    instrument_type: str
    values: Mapping[str, object]


class Market(Protocol):
    """A directory of symbols, and their ticks.

    Implementations keep recent days in memory, and can be used from several threads.
    """

    @property
    def fingerprint(self) -> str:
        """A text that differs between markets with different ticks."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of its data sources, which all have the same content."""

    @property
    def venue(self) -> Venue | None:
        """What its exchanges publish besides ticks; None for a market with ticks only."""

    def exchanges(self) -> pa.Table:
        """Return one row per exchange, with ``EXCHANGES_SCHEMA``."""

    def symbols(self) -> pa.Table:
        """Return one row per symbol, with ``SYMBOLS_SCHEMA``, ordered by symbol."""

    def lists(self, symbol: str) -> bool:
        """Return whether the symbol is in the directory."""

    def is_open(self, symbol: str, day: dt.date) -> bool:
        """Return whether there is data for a symbol on a day."""

    def reference(self, symbol: str) -> Reference:
        """Return the reference data of a symbol in the directory."""

    def condition(self, code: str) -> TradeCondition:
        """Return the meaning of one of the market's trade conditions."""

    def trades(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the trades of a day in the order of their capture.

        Returns
        -------
        pyarrow.Table or None
            None if there is no data. Columns ``time`` (duration[ns] since midnight, when the trade
            was captured), ``trade`` (double), ``trade_size`` (int64), ``trade_condition`` (string or
            dictionary of strings), and optionally:

            ``market_time`` (duration[ns])
                The exchange's timestamp; ``time`` if omitted.
            ``corrected_trade``, ``corrected_trade_size``
                Null for trades that were not corrected; if omitted, none was.
            ``regular``, ``continuous``, ``cancelled`` (bool)
                If omitted, all trades are regular, in the continuous session and not cancelled.
        """

    def quotes(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the top of the book after each change of a day, in the order of capture.

        Returns
        -------
        pyarrow.Table or None
            None if there is no data. Columns ``time``, ``ask`` (double), ``ask_size`` (int64), ``bid``,
            ``bid_size``, and optionally ``market_time`` and ``continuous`` as for trades. An empty side
            of the book has a null price and size.
        """


class Venue(Protocol):
    """What exchanges publish besides ticks.

    A table for a symbol and a day has the documented columns of its function in any order, except
    ``symbol`` and ``date``. It is None if there is no data on the day, and has no rows if there is no
    such data for the symbol on any day.
    """

    def orders(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the order events of a day, in order of time."""

    def auctions(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the auction messages of a day, in order of time."""

    def statuses(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the changes of status of a day, in order of time."""

    def tick_rules(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return one row per band of the tick rule, by lower bound."""

    def settlement(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the settlement price of a day."""

    def chain_names(self, chain_type: ChainType) -> tuple[tuple[str, str], ...]:
        """Return the symbol and exchange of each chain of a type."""

    def chain(self, chain_type: ChainType, symbol: str, exchange: str, day: dt.date) -> pa.Table:
        """Return the members of a chain that are listed on a day; no rows for an unknown chain."""
