"""The series of futures and options that the simulated market lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tickframe.catalogue import ChainType
from tickframe.sandbox.market.data_files import read_data_file
from tickframe.sandbox.market.exchanges import EXCHANGES, Exchange
from tickframe.sandbox.market.instruments import Underlying
from tickframe.sandbox.market.shares import SHARES


@dataclass(frozen=True, kw_only=True)
class Product:
    """A series of contracts.

    Attributes
    ----------
    stem
        The first part of the contracts' symbols.
    chain, chain_type
        The name and type of their chain.
    months
        The codes of the months in which contracts expire.
    listed
        How many expirations are listed at a time.
    months_before
        How many months before the month in their name they expire.
    """

    stem: str
    chain: str
    chain_type: ChainType
    exchange: Exchange
    name: str
    underlying: Underlying
    contract_size: int
    months: str
    listed: int
    months_before: int = 0


@dataclass(frozen=True, kw_only=True)
class OptionProduct(Product):
    """A series of options.

    Attributes
    ----------
    american
        Whether they can be exercised before they expire.
    strikes
        How many strike prices an expiration has.
    future
        The stem of the futures they are written on; empty if they are written on the underlying itself.
    """

    american: bool
    strikes: int
    future: str = ""


def _read_products() -> tuple[tuple[Product, ...], tuple[OptionProduct, ...]]:
    data = read_data_file("products.toml")
    underlyings = {symbol: share.underlying for symbol, share in SHARES.items()}
    for symbol, fields in data["underlyings"].items():
        underlyings[symbol] = Underlying(symbol=symbol, **fields | {"exchange": EXCHANGES[fields["exchange"]]})

    def resolved(fields: dict[str, Any]) -> dict[str, Any]:
        return fields | {
            "chain_type": ChainType(fields["chain_type"]),
            "exchange": EXCHANGES[fields["exchange"]],
            "underlying": underlyings[fields["underlying"]],
        }

    return (
        tuple(Product(**resolved(fields)) for fields in data["futures"]),
        tuple(OptionProduct(**resolved(fields)) for fields in data["options"]),
    )


FUTURES, OPTIONS = _read_products()
