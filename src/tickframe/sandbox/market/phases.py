"""The phases of a session: what its status says, and what trades in them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tickframe.sandbox.market.exchanges import Exchange

_SECOND = 10**9

#: Quotes and orders begin this many seconds before the opening.
BEFORE = 300

#: Reports of off-book trades end this many seconds after the close.
AFTER = 3600

#: Seconds from an uncrossing to continuous trading, and of silence before the next call phase: what is
#: captured late is still captured in the phase in which it happened.
UNCROSSING = 1


class Phase(NamedTuple):
    """A status and the second of the day from which it holds, until the next one's."""

    second: int
    status: str
    description: str
    continuous: bool = False


class Auction(NamedTuple):
    """A call phase in seconds of the day, and the uncrossing at its end.

    Attributes
    ----------
    code
        The trade condition of its trades.
    name
        What it is called.
    call, uncrossing
        When orders are collected from, and when they are matched.
    """

    code: str
    name: str
    call: int
    uncrossing: int


def auctions(exchange: Exchange) -> tuple[Auction, ...]:
    """Return the auctions of a session in their order."""
    if not exchange.auction:
        return ()
    held = [Auction("OA", "OPENING", exchange.opening - BEFORE, exchange.opening)]
    if exchange.midday is not None:
        held.append(Auction("IA", "INTRADAY", exchange.midday, exchange.midday + exchange.auction))
    held.append(Auction("CA", "CLOSING", exchange.closing, exchange.closing + exchange.auction))
    return tuple(held)


def phases(exchange: Exchange) -> tuple[Phase, ...]:
    """Return the phases of a session from midnight on, in their order."""
    trading = Phase(exchange.opening, "CONTINUOUS", "Continuous trading", continuous=True)
    follows = [Phase(0, "CLOSED", "Closed")]
    if not exchange.auction:
        follows += [Phase(exchange.opening - BEFORE, "PRE_OPEN", "Orders are accepted, nothing trades"), trading]
    for auction in auctions(exchange):
        words = auction.name.capitalize()
        follows += [
            Phase(auction.call, f"{auction.name}_CALL", f"{words} auction, call phase"),
            Phase(auction.uncrossing, f"{auction.name}_UNCROSSING", f"{words} auction, uncrossing"),
            trading._replace(second=auction.uncrossing + UNCROSSING),
        ]
    end = exchange.closing + exchange.auction + UNCROSSING
    if exchange.auction:
        follows.pop()
    follows += [
        Phase(end, "POST_TRADING", "Off-book trades are reported"),
        Phase(end + AFTER, "CLOSED", "Closed"),
    ]
    return tuple(follows)


def in_continuous_trading(exchange: Exchange, times: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell whether times, in nanoseconds since midnight, lie in a phase of continuous trading."""
    session = phases(exchange)
    starts = np.array([phase.second * _SECOND for phase in session])
    continuous = np.array([phase.continuous for phase in session])
    held: npt.NDArray[np.bool_] = continuous[np.searchsorted(starts, times, side="right") - 1]
    return held
