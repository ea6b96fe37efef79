"""The shares and exchange-traded funds of the simulated market."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

from tickframe.sandbox.market.data_files import read_data_file
from tickframe.sandbox.market.exchanges import EXCHANGES
from tickframe.sandbox.market.instruments import Instrument, Underlying, invented_isin
from tickframe.sandbox.market.randomness import stable_integer

#: The first day with ticks of shares.
FIRST_DAY = dt.date(2010, 1, 1)

_USUAL_PRICE = 55.0
_SCATTER = 0.7

# Entity class and market segments of each table of the data file.
_TABLES = {"shares": ("Equity", ("Blue chips", "Mid caps")), "funds": ("ETF", ("Exchange-traded products",))}


def _read_shares() -> dict[str, Instrument]:
    data = read_data_file("shares.toml")
    shares = {}
    for table, (entity_class, segments) in _TABLES.items():
        for suffix, names in data[table].items():
            exchange = EXCHANGES[suffix]
            for local_code, name in names.items():
                symbol = f"{local_code}.{suffix}"
                isin = data["isins"].get(symbol) or invented_isin(exchange.country, symbol)
                shares[symbol] = Instrument(
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
                        usual_price=exchange.price_factor * _USUAL_PRICE,
                        scatter=_SCATTER,
                    ),
                    first_day=FIRST_DAY,
                    last_day=dt.date.max,
                )
    for suffix, primaries in data["listings"].items():
        exchange = EXCHANGES[suffix]
        for local_code, primary in primaries.items():
            symbol = f"{local_code}.{suffix}"
            shares[symbol] = shares[primary]._replace(symbol=symbol, local_code=local_code, exchange=exchange)
    return shares


#: The shares and funds by symbol.
SHARES: Mapping[str, Instrument] = MappingProxyType(_read_shares())
