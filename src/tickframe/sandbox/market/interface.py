"""What the service needs of a market: a directory, and the ticks of one symbol on one day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import pyarrow as pa

from tickframe.catalogue import ChainType

EXCHANGES_SCHEMA = pa.schema(
    {
        "region": pa.string(),
        "exchange": pa.string(),
        "name": pa.string(),
        "abbreviation": pa.string(),
        "first_day": pa.date32(),
        "last_day": pa.date32(),
        "feeds": pa.list_(pa.string()),
    }
)

SYMBOLS_SCHEMA = pa.schema(
    {
        "region": pa.string(),
        "exchange": pa.string(),
        "symbol": pa.string(),
        "name": pa.string(),
        "isin": pa.string(),
        "local_code": pa.string(),
        "currency": pa.string(),
        "market_segment": pa.string(),
        "entity_class": pa.string(),
        "first_day": pa.date32(),
        "last_day": pa.date32(),
    }
)


class TradeCondition(NamedTuple):
    """What a trade's condition means."""

    description: str
    category: str
    continuous_session: bool


class Reference(NamedTuple):
    """What reference data say of a symbol.

    Attributes
    ----------
    instrument_type
        Its type as documented; empty where it is not known.
    values
        By the names of documented columns; what is not known is left out.
    """

    instrument_type: str
    values: Mapping[str, object]


class Market(Protocol):
    """Ticks and the directory of what has ticks.

    Implementations keep recent days in memory, and can be asked from several threads.
    """

    @property
    def fingerprint(self) -> str:
        """What tells this market from one with other ticks, in words."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The names under which this market is offered; all have the same content."""

    @property
    def venue(self) -> Venue | None:
        """What exchanges publish beside ticks; None for a market of ticks alone."""

    def exchanges(self) -> pa.Table:
        """Return one row per exchange, of ``EXCHANGES_SCHEMA``."""

    def symbols(self) -> pa.Table:
        """Return one row per symbol, of ``SYMBOLS_SCHEMA``, ordered by symbol."""

    def lists(self, symbol: str) -> bool:
        """Tell whether the symbol is in the directory."""

    def is_open(self, symbol: str, day: dt.date) -> bool:
        """Tell whether there is data of a symbol on a day."""

    def reference(self, symbol: str) -> Reference:
        """Return what reference data say of a symbol that is in the directory."""

    def condition(self, code: str) -> TradeCondition:
        """Return what a trade condition of this market means."""

    def trades(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return one day's trades in the order of their capture.

        Returns
        -------
        pyarrow.Table or None
            None where there is no data. Columns ``time`` (duration[ns] since midnight, when the trade
            was captured), ``trade`` (double), ``trade_size`` (int64), ``trade_condition`` (string or
            dictionary of strings), and where the market knows them:

            ``market_time`` (duration[ns])
                The exchange's timestamp. Left out, ``time`` is that too.
            ``corrected_trade``, ``corrected_trade_size``
                Null for trades that were not corrected. Left out, none was.
            ``regular``, ``continuous``, ``cancelled`` (bool)
                Left out, all trades are regular, in the continuous session and uncancelled.
        """

    def quotes(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return one day's top of the book in the order of its capture.

        Returns
        -------
        pyarrow.Table or None
            None where there is no data. Columns ``time``, ``ask`` (double), ``ask_size`` (int64),
            ``bid``, ``bid_size``, and ``market_time`` and ``continuous`` as for trades. A side that is
            not there is null, price and size.
        """


class Venue(Protocol):
    """What exchanges publish beside ticks.

    A table of a symbol and a day has the documented columns of its function, but for ``symbol`` and
    ``date``, in any order. It is None where there is no data of the day, and without rows where the
    symbol never has such data.
    """

    def orders(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the events of one day's orders, in order of time."""

    def auctions(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the messages of one day's auctions, in order of time."""

    def statuses(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return one day's changes of the status, in order of time."""

    def tick_rules(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the steps of the price, by the price."""

    def settlement(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return one day's settlement price."""

    def chain_names(self, chain_type: ChainType) -> tuple[tuple[str, str], ...]:
        """Return the symbol and the exchange of each chain of a type."""

    def chain(self, chain_type: ChainType, symbol: str, exchange: str, day: dt.date) -> pa.Table:
        """Return the members of a chain on a day; none where there is no such chain."""
