"""The chains of contracts on one underlying."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import pyarrow as pa

from tickframe.catalogue import ChainType
from tickframe.sandbox.exchanges import EXCHANGES
from tickframe.sandbox.instruments import Instrument, OptionTerms
from tickframe.sandbox.products import FUTURES, OPTIONS

__all__ = ["chain_names", "chain_table"]

_ENTITY_CLASSES: Mapping[ChainType, str] = MappingProxyType(
    {ChainType.FUTURES: "Future", ChainType.OPTIONS: "Option", ChainType.FUTURE_OPTIONS: "Future option"}
)


def chain_names(chain_type: ChainType) -> tuple[tuple[str, str], ...]:
    """Return the symbol and the exchange of each chain of a type."""
    if chain_type is ChainType.FUTURES:
        return tuple((product.stem, EXCHANGES[product.suffix].exchange) for product in FUTURES)
    on_futures = chain_type is ChainType.FUTURE_OPTIONS
    return tuple(
        (product.chain, EXCHANGES[product.suffix].exchange) for product in OPTIONS if bool(product.future) == on_futures
    )


def chain_table(listed: Iterable[Instrument], chain_type: ChainType, symbol: str, exchange: str) -> pa.Table:
    """Return the members of a chain in order of expiration, then of the symbol.

    Parameters
    ----------
    listed
        The instruments that are listed on the day.
    chain_type, symbol, exchange
        Which chain.
    """
    asked = (_ENTITY_CLASSES[chain_type], symbol, exchange)
    members = [one for one in listed if (one.entity_class, one.chain, one.exchange.exchange) == asked]
    members.sort(key=lambda member: (member.last_day, member.symbol))
    return pa.table(
        {
            "chain_symbol": pa.array([symbol] * len(members), pa.string()),
            "symbol": pa.array([member.symbol for member in members], pa.string()),
            "underlying": pa.array([_written_on(member) for member in members], pa.string()),
            "name": pa.array(
                [f"{member.underlying.name} {chain_type.replace('_', ' ').lower()}" for member in members]
            ),
        }
    )


def _written_on(member: Instrument) -> str:
    if isinstance(member.terms, OptionTerms) and member.terms.future is not None:
        return member.terms.future.symbol
    return member.underlying.symbol
