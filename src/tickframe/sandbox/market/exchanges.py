"""The simulated market's exchanges and their sessions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from tickframe.sandbox.market.tick_rules import TICK_RULES, TickRule


class Exchange(NamedTuple):
    """An exchange, its session in local time of day, and how it quotes.

    Attributes
    ----------
    opening, midday, closing
        Seconds since midnight at which the auctions begin; ``midday`` is None where there is none.
    auction
        Seconds from the beginning of the midday or closing auction to its print; 0 where there are no auctions.
    level
        What a typical price is multiplied with, by the currency's custom.
    lot
        The usual multiple of a trade's size.
    mic
        The market's code (ISO 10383).
    zone
        The time zone of its local time.
    tick_rule
        The grid of its prices.
    """

    suffix: str
    region: str
    exchange: str
    name: str
    country: str
    currency: str
    feeds: tuple[str, ...]
    opening: int
    midday: int | None
    closing: int
    auction: int
    level: float
    lot: int
    mic: str
    zone: str
    tick_rule: TickRule


def _at(hour: int, minute: int) -> int:
    return hour * 3600 + minute * 60


_LISTED = (
    Exchange(
        suffix="XE",
        region="EMEA",
        exchange="XETRA",
        name="Deutsche Boerse Xetra",
        country="DE",
        currency="EUR",
        feeds=("XETRA Level 1", "XETRA Level 2"),
        opening=_at(9, 0),
        midday=_at(13, 0),
        closing=_at(17, 30),
        auction=120,
        level=1.0,
        lot=1,
        mic="XETR",
        zone="Europe/Berlin",
        tick_rule=TICK_RULES["MIFID-EUR"],
    ),
    Exchange(
        suffix="L",
        region="EMEA",
        exchange="LSE",
        name="London Stock Exchange",
        country="GB",
        currency="GBX",
        feeds=("LSE Level 1", "LSE Level 2"),
        opening=_at(8, 0),
        midday=_at(12, 0),
        closing=_at(16, 30),
        auction=120,
        level=12.0,
        lot=1,
        mic="XLON",
        zone="Europe/London",
        tick_rule=TICK_RULES["MIFID-GBX"],
    ),
    Exchange(
        suffix="PA",
        region="EMEA",
        exchange="EURONEXT PARIS",
        name="Euronext Paris",
        country="FR",
        currency="EUR",
        feeds=("Euronext Optiq",),
        opening=_at(9, 0),
        midday=None,
        closing=_at(17, 30),
        auction=300,
        level=1.0,
        lot=1,
        mic="XPAR",
        zone="Europe/Paris",
        tick_rule=TICK_RULES["MIFID-EUR"],
    ),
    Exchange(
        suffix="AS",
        region="EMEA",
        exchange="EURONEXT AMSTERDAM",
        name="Euronext Amsterdam",
        country="NL",
        currency="EUR",
        feeds=("Euronext Optiq",),
        opening=_at(9, 0),
        midday=None,
        closing=_at(17, 30),
        auction=300,
        level=1.0,
        lot=1,
        mic="XAMS",
        zone="Europe/Amsterdam",
        tick_rule=TICK_RULES["MIFID-EUR"],
    ),
    Exchange(
        suffix="N",
        region="AMERICAS",
        exchange="NYSE",
        name="New York Stock Exchange",
        country="US",
        currency="USD",
        feeds=("CTA Tape A", "NYSE Integrated"),
        opening=_at(9, 30),
        midday=None,
        closing=_at(16, 0),
        auction=5,
        level=1.0,
        lot=100,
        mic="XNYS",
        zone="America/New_York",
        tick_rule=TICK_RULES["REG-NMS"],
    ),
    Exchange(
        suffix="O",
        region="AMERICAS",
        exchange="NASDAQ",
        name="Nasdaq Stock Market",
        country="US",
        currency="USD",
        feeds=("UTP Tape C", "Nasdaq TotalView"),
        opening=_at(9, 30),
        midday=None,
        closing=_at(16, 0),
        auction=5,
        level=1.0,
        lot=100,
        mic="XNAS",
        zone="America/New_York",
        tick_rule=TICK_RULES["REG-NMS"],
    ),
    Exchange(
        suffix="T",
        region="ASIA",
        exchange="TSE",
        name="Tokyo Stock Exchange",
        country="JP",
        currency="JPY",
        feeds=("TSE FLEX",),
        opening=_at(9, 0),
        midday=_at(11, 30),
        closing=_at(15, 0),
        auction=3600,
        level=50.0,
        lot=100,
        mic="XTKS",
        zone="Asia/Tokyo",
        tick_rule=TICK_RULES["TSE-TOPIX"],
    ),
    Exchange(
        suffix="NXG",
        region="AMERICAS",
        exchange="NYMEX",
        name="New York Mercantile Exchange",
        country="US",
        currency="USD",
        feeds=("CME MDP",),
        opening=_at(9, 0),
        midday=None,
        closing=_at(17, 0),
        auction=0,
        level=1.0,
        lot=1,
        mic="XNYM",
        zone="America/New_York",
        tick_rule=TICK_RULES["NYMEX-CL"],
    ),
    Exchange(
        suffix="EX",
        region="EMEA",
        exchange="EUREX",
        name="Eurex Deutschland",
        country="DE",
        currency="EUR",
        feeds=("Eurex EOBI",),
        opening=_at(8, 0),
        midday=None,
        closing=_at(22, 0),
        auction=0,
        level=1.0,
        lot=1,
        mic="XEUR",
        zone="Europe/Berlin",
        tick_rule=TICK_RULES["EUREX-FDAX"],
    ),
    Exchange(
        suffix="W",
        region="AMERICAS",
        exchange="OPRA_COMPOSITE",
        name="OPRA, all option exchanges",
        country="US",
        currency="USD",
        feeds=("OPRA",),
        opening=_at(9, 30),
        midday=None,
        closing=_at(16, 0),
        auction=0,
        level=1.0,
        lot=1,
        mic="XCBO",
        zone="America/New_York",
        tick_rule=TICK_RULES["OPRA"],
    ),
)

#: The exchanges by the suffix of their symbols.
EXCHANGES: Mapping[str, Exchange] = MappingProxyType({exchange.suffix: exchange for exchange in _LISTED})
