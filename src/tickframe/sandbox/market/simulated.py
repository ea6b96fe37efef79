"""A simulated market: the same seed has the same ticks in every process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version

import numpy as np
import pyarrow as pa

from tickframe.catalogue import ChainType
from tickframe.sandbox.answers.columns import empty_answer
from tickframe.sandbox.market.activity import SECOND
from tickframe.sandbox.market.auctions import auction_messages
from tickframe.sandbox.market.chains import chain_members, chain_names, chain_table
from tickframe.sandbox.market.directory import exchanges_table, instruments, symbols_table
from tickframe.sandbox.market.instruments import Instrument
from tickframe.sandbox.market.interface import Reference, TradeCondition
from tickframe.sandbox.market.orders import order_events
from tickframe.sandbox.market.phases import phases
from tickframe.sandbox.market.reference_data import reference_of
from tickframe.sandbox.market.sessions import CONDITIONS, Session, simulate_session
from tickframe.sandbox.market.settlements import settlement

# About 4 MB each.
_SESSIONS_IN_MEMORY = 24

# About 5 MB each.
_ORDERS_IN_MEMORY = 6

_SATURDAY = 5


class SimulatedMarket:
    """Shares trade every weekday from 2010-01-01 to yesterday (UTC), contracts while they are listed.

    Parameters
    ----------
    seed
        Which market.
    """

    sources = ("ACTIV", "SIMULATED")

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._session = lru_cache(_SESSIONS_IN_MEMORY)(self._simulate)
        self._orders = lru_cache(_ORDERS_IN_MEMORY)(self._simulate_orders)

    @property
    def fingerprint(self) -> str:
        """The seed, and the version of the simulation."""
        return f"simulated market {self._seed} of version {version('tickframe')}"

    @property
    def venue(self) -> SimulatedMarket:
        """The market itself: it simulates all that an exchange publishes."""
        return self

    def exchanges(self) -> pa.Table:
        """Return one row per exchange."""
        return exchanges_table(_yesterday())

    def symbols(self) -> pa.Table:
        """Return one row per listed instrument, expired contracts included, ordered by symbol."""
        return symbols_table(self._seed, _yesterday())

    def lists(self, symbol: str) -> bool:
        """Tell whether the symbol is listed."""
        return symbol in self._instruments()

    def is_open(self, symbol: str, day: dt.date) -> bool:
        """Tell whether a symbol trades on a day: not on a weekend, and not outside of its days."""
        instrument = self._instruments().get(symbol)
        if instrument is None or day > _yesterday() or day.weekday() >= _SATURDAY:
            return False
        return instrument.first_day <= day <= instrument.last_day

    def condition(self, code: str) -> TradeCondition:
        """Return what a trade condition means."""
        return CONDITIONS[code]

    def trades(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return one day's trades; None on a weekend and outside the instrument's days."""
        return self._session(symbol, day).trades if self.is_open(symbol, day) else None

    def quotes(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return one day's quotes; None on a weekend and outside the instrument's days."""
        return self._session(symbol, day).quotes if self.is_open(symbol, day) else None

    def orders(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the events of one day's orders, in order of time."""
        return self._orders(symbol, day) if self.is_open(symbol, day) else None

    def auctions(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the messages of one day's auctions; no rows where the exchange holds none."""
        if not self.is_open(symbol, day):
            return None
        return auction_messages(self._session(symbol, day), self._instruments()[symbol], day, self._seed)

    def statuses(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the phases of one day's session."""
        if not self.is_open(symbol, day):
            return None
        session = phases(self._instruments()[symbol].exchange)
        return pa.table(
            {
                "time": pa.array([phase.second * SECOND for phase in session], pa.int64()).cast(pa.duration("ns")),
                "instrument_status": [phase.status for phase in session],
                "instrument_status_description": [phase.description for phase in session],
                "continuous_session": [phase.continuous for phase in session],
            }
        )

    def tick_rules(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the steps of the price, one row per band."""
        if not self.is_open(symbol, day):
            return None
        rule = self._instruments()[symbol].exchange.tick_rule
        return pa.table(
            {
                "tick_rule_symbol": np.full(len(rule.bands), rule.symbol),
                "lower_bound": rule.lower_bounds(),
                "tick_size": rule.tick_sizes(),
            }
        )

    def settlement(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return one day's settlement price in one row; no rows for what is no contract."""
        if not self.is_open(symbol, day):
            return None
        instrument = self._instruments()[symbol]
        if instrument.terms is None:
            return empty_answer("settlement_prices")
        return settlement(self._session(symbol, day), instrument, day, self._seed)

    def reference(self, symbol: str) -> Reference:
        """Return what reference data say of a listed symbol."""
        return reference_of(self._instruments()[symbol])

    def chain_names(self, chain_type: ChainType) -> tuple[tuple[str, str], ...]:
        """Return the name and the exchange of each chain."""
        return chain_names(chain_type)

    def chain(self, chain_type: ChainType, symbol: str, exchange: str, day: dt.date) -> pa.Table:
        """Return the contracts of a chain that are listed on a day."""
        members = chain_members(self._instruments().values(), chain_type, symbol, exchange)
        return chain_table([member for member in members if self.is_open(member.symbol, day)], chain_type)

    def _instruments(self) -> Mapping[str, Instrument]:
        return instruments(self._seed, _yesterday())

    def _simulate(self, symbol: str, day: dt.date) -> Session:
        return simulate_session(self._instruments()[symbol], day, self._seed)

    def _simulate_orders(self, symbol: str, day: dt.date) -> pa.Table:
        return order_events(self._session(symbol, day), self._instruments()[symbol], day, self._seed)


def _yesterday() -> dt.date:
    return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
