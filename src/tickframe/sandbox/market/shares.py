"""Shares and funds, from the listing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

from tickframe.sandbox.market.exchanges import EXCHANGES
from tickframe.sandbox.market.instruments import Instrument, Underlying, invented_isin
from tickframe.sandbox.market.listing import KNOWN_ISINS, LISTED, LISTED_FUNDS
from tickframe.sandbox.market.randomness import stable_integer

#: The first day with ticks of shares.
FIRST_DAY = dt.date(2010, 1, 1)

_USUAL_PRICE = 55.0
_SCATTER = 0.7

_ENTITY_CLASSES = (("Equity", LISTED), ("ETF", LISTED_FUNDS))

_SEGMENTS = MappingProxyType({"Equity": ("Blue chips", "Mid caps"), "ETF": ("Exchange-traded products",)})


def _share(entity_class: str, suffix: str, local_code: str, name: str) -> Instrument:
    exchange = EXCHANGES[suffix]
    segments = _SEGMENTS[entity_class]
    symbol = f"{local_code}.{suffix}"
    isin = KNOWN_ISINS.get(symbol) or invented_isin(exchange.country, symbol)
    return Instrument(
        symbol=symbol,
        name=name,
        isin=isin,
        local_code=local_code,
        market_segment=segments[stable_integer("segment", symbol) % len(segments)],
        entity_class=entity_class,
        exchange=exchange,
        underlying=Underlying(
            symbol=symbol,
            name=name,
            isin=isin,
            currency=exchange.currency,
            mic=exchange.mic,
            exchange=exchange,
            usual_price=exchange.level * _USUAL_PRICE,
            scatter=_SCATTER,
        ),
        first_day=FIRST_DAY,
        last_day=dt.date.max,
    )


def _shares() -> dict[str, Instrument]:
    shares = [
        _share(entity_class, suffix, *line.split(" ", 1))
        for entity_class, listed in _ENTITY_CLASSES
        for suffix, lines in listed.items()
        for line in lines.splitlines()
    ]
    return {share.symbol: share for share in shares}


#: The listed shares and funds by symbol.
SHARES: Mapping[str, Instrument] = MappingProxyType(_shares())
