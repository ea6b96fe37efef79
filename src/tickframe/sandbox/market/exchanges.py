"""The exchanges of the simulated market: their sessions, phases and auctions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from tickframe.sandbox.market.arrays import SECOND, Booleans, Integers
from tickframe.sandbox.market.data_files import read_data_file
from tickframe.sandbox.market.tick_rules import TickRule

#: Quotes and orders arrive from this many seconds before the opening.
PRE_OPEN = 300

#: Off-book trades are reported until this many seconds after the session.
POST_TRADING = 3600

#: Seconds from an uncrossing to continuous trading, and without ticks before the next call phase: a tick is
#: captured later than it happens, but in the same phase.
UNCROSSING = 1


class Phase(NamedTuple):
    """A status and the second of the day from which it holds, until the next phase."""

    second: int
    status: str
    description: str
    continuous: bool = False


class Auction(NamedTuple):
    """An auction: a call phase that ends with the uncrossing.

    Attributes
    ----------
    code
        The trade condition of its trades.
    name
        Its name, such as ``"OPENING"``.
    call, uncrossing
        The seconds of the day at which the call phase begins and the orders are matched.
    """

    code: str
    name: str
    call: int
    uncrossing: int


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """An exchange. Times are in its local time of day, in seconds since midnight.

    Attributes
    ----------
    mic
        The market identifier code (ISO 10383).
    opening, closing
        When trading opens, with the end of the opening auction; when it closes, with the start of the closing auction.
    midday
        When the midday auction starts; None if there is none.
    auction_seconds
        The length of the midday and closing auctions; 0 if the exchange holds no auctions.
    price_factor
        The typical price relative to other exchanges, by the custom of the currency.
    lot
        The usual multiple of trade sizes.
    """

    suffix: str
    short_name: str
    name: str
    mic: str
    region: str
    country: str
    zone: str
    currency: str
    feeds: Sequence[str]
    opening: int
    midday: int | None = None
    closing: int
    auction_seconds: int = 0
    price_factor: float = 1.0
    lot: int = 1
    tick_rule: TickRule

    @property
    def first_second(self) -> int:
        """The second in which the first quotes and orders can arrive."""
        return self.opening - PRE_OPEN

    @property
    def last_second(self) -> int:
        """The second in which trading ends; only off-book trades are reported later."""
        return self.closing + self.auction_seconds + UNCROSSING

    @cached_property
    def auctions(self) -> tuple[Auction, ...]:
        """The auctions of a session, in order."""
        if not self.auction_seconds:
            return ()
        held = [Auction("OA", "OPENING", self.first_second, self.opening)]
        if self.midday is not None:
            held.append(Auction("IA", "INTRADAY", self.midday, self.midday + self.auction_seconds))
        held.append(Auction("CA", "CLOSING", self.closing, self.closing + self.auction_seconds))
        return tuple(held)

    @cached_property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of a day from midnight on, in order."""
        trading = Phase(self.opening, "CONTINUOUS", "Continuous trading", continuous=True)
        phases = [Phase(0, "CLOSED", "Closed")]
        if not self.auctions:
            phases += [Phase(self.first_second, "PRE_OPEN", "Orders are accepted, nothing trades"), trading]
        for auction in self.auctions:
            title = auction.name.capitalize()
            phases += [
                Phase(auction.call, f"{auction.name}_CALL", f"{title} auction, call phase"),
                Phase(auction.uncrossing, f"{auction.name}_UNCROSSING", f"{title} auction, uncrossing"),
                trading._replace(second=auction.uncrossing + UNCROSSING),
            ]
        if self.auctions:
            # The closing auction is not followed by continuous trading.
            phases.pop()
        return (
            *phases,
            Phase(self.last_second, "POST_TRADING", "Off-book trades are reported"),
            Phase(self.last_second + POST_TRADING, "CLOSED", "Closed"),
        )

    def is_continuous(self, times: Integers) -> Booleans:
        """Return which times, in nanoseconds since midnight, are in continuous trading."""
        starts = np.array([phase.second * SECOND for phase in self.phases])
        continuous = np.array([phase.continuous for phase in self.phases])
        held: Booleans = continuous[np.searchsorted(starts, times, side="right") - 1]
        return held


def _read_exchanges() -> dict[str, Exchange]:
    data = read_data_file("exchanges.toml")
    rules = {symbol: TickRule(symbol, **rule) for symbol, rule in data["tick_rules"].items()}
    return {
        suffix: Exchange(
            **{name: _seconds(value) for name, value in fields.items()}
            | {"suffix": suffix, "tick_rule": rules[fields["tick_rule"]]}
        )
        for suffix, fields in data["exchanges"].items()
    }


def _seconds(value: Any) -> Any:
    """Return a time of day in seconds since midnight, and any other value unchanged."""
    return value.hour * 3600 + value.minute * 60 if isinstance(value, dt.time) else value


#: The exchanges by the suffix of their symbols.
EXCHANGES: Mapping[str, Exchange] = MappingProxyType(_read_exchanges())
