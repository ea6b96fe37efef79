"""Which futures and options the simulated market lists: data, nothing else."""

from __future__ import annotations

from typing import NamedTuple

from tickframe.sandbox.market.exchanges import EXCHANGES
from tickframe.sandbox.market.instruments import Underlying
from tickframe.sandbox.market.shares import SHARES


class FutureProduct(NamedTuple):
    """A series of futures.

    Attributes
    ----------
    stem
        The beginning of their symbols, and the name of their chain.
    suffix
        The end of their symbols: that of the exchange.
    months
        The codes of the months that are listed.
    listed
        How many expirations trade at a time.
    months_before
        How many months before the contract's own month it expires.
    """

    stem: str
    suffix: str
    name: str
    underlying: Underlying
    contract_size: int
    months: str
    listed: int
    months_before: int


class OptionProduct(NamedTuple):
    """A series of options.

    Attributes
    ----------
    stem, suffix, months, listed
        As for futures.
    chain
        The name of their chain.
    future
        The stem of the futures they are written on; empty where they are written on the underlying itself.
    strikes
        How many strike prices an expiration has.
    """

    stem: str
    suffix: str
    name: str
    chain: str
    underlying: Underlying
    future: str
    contract_size: int
    american: bool
    months: str
    listed: int
    strikes: int


_CRUDE = Underlying(
    symbol="CL",
    name="Light Sweet Crude Oil",
    isin="",
    currency="USD",
    mic="",
    exchange=EXCHANGES["NXG"],
    usual_price=60.0,
    scatter=0.05,
)
_DAX = Underlying(
    symbol="=DAX.EX",
    name="DAX",
    isin="DE0008469008",
    currency="EUR",
    mic="XETR",
    exchange=EXCHANGES["EX"],
    usual_price=11_000.0,
    scatter=0.05,
)
_DOW_JONES = Underlying(
    symbol="=DJX.W",
    name="1/100 Dow Jones Industrial Average",
    isin="",
    currency="USD",
    mic="XCBO",
    exchange=EXCHANGES["W"],
    usual_price=190.0,
    scatter=0.05,
)

_EVERY_MONTH = "FGHJKMNQUVXZ"
_EVERY_QUARTER = "HMUZ"

FUTURES = (
    FutureProduct("CL", "NXG", "Light Sweet Crude Oil", _CRUDE, 1000, _EVERY_MONTH, listed=12, months_before=1),
    FutureProduct("FDAX", "EX", "DAX", _DAX, 25, _EVERY_QUARTER, listed=4, months_before=0),
)

OPTIONS = (
    OptionProduct(
        stem="DJX",
        suffix="W",
        name="Dow Jones Industrial Average",
        chain="=DJX.W",
        underlying=_DOW_JONES,
        future="",
        contract_size=100,
        american=False,
        months=_EVERY_QUARTER,
        listed=4,
        strikes=10,
    ),
    OptionProduct(
        stem="IBM",
        suffix="W",
        name="International Business Machines",
        chain="IBM.N",
        underlying=SHARES["IBM.N"].underlying,
        future="",
        contract_size=100,
        american=True,
        months=_EVERY_QUARTER,
        listed=4,
        strikes=8,
    ),
    OptionProduct(
        stem="CL",
        suffix="NXG",
        name="Light Sweet Crude Oil",
        chain="CL",
        underlying=_CRUDE,
        future="CL",
        contract_size=1000,
        american=True,
        months=_EVERY_QUARTER,
        listed=4,
        strikes=8,
    ),
)
