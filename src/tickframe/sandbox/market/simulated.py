"""A simulated market: one seed gives the same ticks in every process."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from tickframe.catalogue import ChainType
from tickframe.sandbox.market.arrays import SECOND, durations
from tickframe.sandbox.market.auctions import auction_messages
from tickframe.sandbox.market.contracts import FIRST_DAY_OF_CONTRACTS, chain_members, chain_names, contracts
from tickframe.sandbox.market.exchanges import EXCHANGES
from tickframe.sandbox.market.instruments import Instrument, OptionTerms
from tickframe.sandbox.market.interface import EXCHANGES_SCHEMA, SYMBOLS_SCHEMA, Reference, TradeCondition
from tickframe.sandbox.market.orders import order_events
from tickframe.sandbox.market.reference_data import reference_of
from tickframe.sandbox.market.sessions import CONDITIONS, Session, simulate_session
from tickframe.sandbox.market.settlements import settlement
from tickframe.sandbox.market.shares import FIRST_DAY, SHARES

# About 4 MB each.
_SESSIONS_IN_MEMORY = 24

# About 5 MB each.
_ORDERS_IN_MEMORY = 6

_SATURDAY = 5


class SimulatedMarket:
    """A market whose shares trade on weekdays from 2010-01-01 to yesterday (UTC), and contracts while they are listed.

    Parameters
    ----------
    seed
        The seed of all random numbers.
    """

    sources = ("ACTIV", "SIMULATED")

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._session = lru_cache(_SESSIONS_IN_MEMORY)(self._simulate)
        self._orders = lru_cache(_ORDERS_IN_MEMORY)(self._simulate_orders)

    @property
    def fingerprint(self) -> str:
        """The seed and the version of the simulation."""
        return f"simulated market {self._seed} of version {version('tickframe')}"

    @property
    def venue(self) -> SimulatedMarket:
        """The market itself, which simulates all that exchanges publish."""
        return self

    def exchanges(self) -> pa.Table:
        """Return one row per exchange."""
        with_shares = {share.exchange.suffix for share in SHARES.values()}
        rows = [
            {
                "region": exchange.region,
                "exchange": exchange.short_name,
                "name": exchange.name,
                "abbreviation": exchange.suffix,
                "first_day": FIRST_DAY if exchange.suffix in with_shares else FIRST_DAY_OF_CONTRACTS,
                "last_day": _yesterday(),
                "feeds": exchange.feeds,
            }
            for exchange in EXCHANGES.values()
        ]
        return pa.Table.from_pylist(rows, EXCHANGES_SCHEMA)

    def symbols(self) -> pa.Table:
        """Return one row per listed instrument, including expired contracts, ordered by symbol."""
        return _symbols(self._seed, _yesterday())

    def lists(self, symbol: str) -> bool:
        """Return whether the symbol is listed."""
        return symbol in self._instruments()

    def is_open(self, symbol: str, day: dt.date) -> bool:
        """Return whether a symbol trades on a day: a weekday between its first and last day."""
        return self._trading(symbol, day) is not None

    def condition(self, code: str) -> TradeCondition:
        """Return the meaning of a trade condition."""
        return CONDITIONS[code]

    def trades(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the trades of a day; None if the symbol does not trade."""
        return self._session(symbol, day).trades if self.is_open(symbol, day) else None

    def quotes(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the quotes of a day; None if the symbol does not trade."""
        return self._session(symbol, day).quotes if self.is_open(symbol, day) else None

    def orders(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the order events of a day, in order of time."""
        return self._orders(symbol, day) if self.is_open(symbol, day) else None

    def auctions(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the auction messages of a day; no rows if the exchange holds no auctions."""
        if (instrument := self._trading(symbol, day)) is None:
            return None
        return auction_messages(self._session(symbol, day), instrument, day, self._seed)

    def statuses(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the phases of a day."""
        if (instrument := self._trading(symbol, day)) is None:
            return None
        seconds, statuses, descriptions, continuous = zip(*instrument.exchange.phases, strict=True)
        return pa.table(
            {
                "time": durations(np.array(seconds) * SECOND),
                "instrument_status": statuses,
                "instrument_status_description": descriptions,
                "continuous_session": continuous,
            }
        )

    def tick_rules(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return one row per band of the tick rule, by lower bound."""
        if (instrument := self._trading(symbol, day)) is None:
            return None
        rule = instrument.exchange.tick_rule
        return pa.table(
            {
                "tick_rule_symbol": [rule.symbol] * len(rule.bands),
                "lower_bound": rule.lower_bounds(),
                "tick_size": rule.tick_sizes(),
            }
        )

    def settlement(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return the settlement price of a day in one row; no rows for a share."""
        if (instrument := self._trading(symbol, day)) is None:
            return None
        if instrument.terms is None:
            return pa.table({})
        return settlement(self._session(symbol, day), instrument, day, self._seed)

    def reference(self, symbol: str) -> Reference:
        """Return the reference data of a listed symbol."""
        return reference_of(self._instruments()[symbol])

    def chain_names(self, chain_type: ChainType) -> tuple[tuple[str, str], ...]:
        """Return the symbol and exchange of each chain of a type."""
        return chain_names(chain_type)

    def chain(self, chain_type: ChainType, symbol: str, exchange: str, day: dt.date) -> pa.Table:
        """Return the contracts of a chain that are listed on a day."""
        listed = [instrument for instrument in self._instruments().values() if self.is_open(instrument.symbol, day)]
        members = chain_members(listed, chain_type, symbol, exchange)
        kind = chain_type.replace("_", " ").lower()
        columns = {
            "chain_symbol": [member.chain for member in members],
            "symbol": [member.symbol for member in members],
            "underlying": [_underlying_symbol(member) for member in members],
            "name": [f"{member.underlying.name} {kind}" for member in members],
        }
        return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})

    def _instruments(self) -> Mapping[str, Instrument]:
        return _listed(self._seed, _yesterday())

    def _trading(self, symbol: str, day: dt.date) -> Instrument | None:
        """Return the instrument of a symbol; None if it does not trade on the day."""
        instrument = self._instruments().get(symbol)
        if instrument is None or day > _yesterday() or day.weekday() >= _SATURDAY:
            return None
        return instrument if instrument.first_day <= day <= instrument.last_day else None

    def _simulate(self, symbol: str, day: dt.date) -> Session:
        return simulate_session(self._instruments()[symbol], day, self._seed)

    def _simulate_orders(self, symbol: str, day: dt.date) -> pa.Table:
        return order_events(self._session(symbol, day), self._instruments()[symbol], day, self._seed)


def _yesterday() -> dt.date:
    return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)


@lru_cache(maxsize=4)
def _listed(seed: int, last_day: dt.date) -> Mapping[str, Instrument]:
    """Return what was listed by a day, including expired contracts, ordered by symbol."""
    listed = {**SHARES, **{contract.symbol: contract for contract in contracts(seed, last_day)}}
    return MappingProxyType(dict(sorted(listed.items())))


@lru_cache(maxsize=4)
def _symbols(seed: int, last_day: dt.date) -> pa.Table:
    """Return what was listed by a day as rows of ``SYMBOLS_SCHEMA``."""
    rows = [
        {
            "region": instrument.exchange.region,
            "exchange": instrument.exchange.short_name,
            "symbol": instrument.symbol,
            "name": instrument.name,
            "isin": instrument.isin,
            "local_code": instrument.local_code,
            "currency": instrument.exchange.currency,
            "market_segment": instrument.market_segment,
            "entity_class": instrument.entity_class,
            "first_day": instrument.first_day,
            "last_day": min(instrument.last_day, last_day),
        }
        for instrument in _listed(seed, last_day).values()
    ]
    return pa.Table.from_pylist(rows, SYMBOLS_SCHEMA)


def _underlying_symbol(member: Instrument) -> str:
    """Return the symbol of what a contract is written on."""
    if isinstance(member.terms, OptionTerms) and member.terms.future is not None:
        return member.terms.future.symbol
    return member.underlying.symbol
