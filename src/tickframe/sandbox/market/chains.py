"""The chains of contracts on one underlying."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import pyarrow as pa

from tickframe.catalogue import ChainType
from tickframe.sandbox.market.exchanges import EXCHANGES
from tickframe.sandbox.market.instruments import Instrument, OptionTerms
from tickframe.sandbox.market.products import FUTURES, OPTIONS

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


def chain_members(
    instruments: Iterable[Instrument], chain_type: ChainType, symbol: str, exchange: str
) -> list[Instrument]:
    """Return the contracts of a chain in order of expiration, then of the strike price."""
    asked = (_ENTITY_CLASSES[chain_type], symbol, exchange)
    members = [one for one in instruments if (one.entity_class, one.chain, one.exchange.exchange) == asked]
    return sorted(members, key=lambda member: (member.last_day, _strike(member), member.symbol))


def chain_table(members: Sequence[Instrument], chain_type: ChainType) -> pa.Table:
    """Return the documented columns of a chain's members."""
    kind = chain_type.replace("_", " ").lower()
    rows = {
        "chain_symbol": [member.chain for member in members],
        "symbol": [member.symbol for member in members],
        "underlying": [_written_on(member) for member in members],
        "name": [f"{member.underlying.name} {kind}" for member in members],
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in rows.items()})


def _strike(member: Instrument) -> float:
    return member.terms.strike if isinstance(member.terms, OptionTerms) else 0.0


def _written_on(member: Instrument) -> str:
    if isinstance(member.terms, OptionTerms) and member.terms.future is not None:
        return member.terms.future.symbol
    return member.underlying.symbol
