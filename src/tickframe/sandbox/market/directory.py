"""What the simulated market lists: instruments, and the tables that lookups show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import pyarrow as pa

from tickframe.sandbox.market.contracts import FIRST_DAY_OF_CONTRACTS, contracts
from tickframe.sandbox.market.exchanges import EXCHANGES
from tickframe.sandbox.market.instruments import Instrument
from tickframe.sandbox.market.interface import EXCHANGES_SCHEMA, SYMBOLS_SCHEMA
from tickframe.sandbox.market.shares import FIRST_DAY, SHARES


@lru_cache(maxsize=4)
def instruments(seed: int, last_day: dt.date) -> Mapping[str, Instrument]:
    """Return what was listed by a day, expired contracts included, by symbol and in the symbols' order.

    Parameters
    ----------
    seed
        Which market: the strikes of options are near its prices.
    last_day
        The last day of the market.
    """
    listed = {**SHARES, **{contract.symbol: contract for contract in contracts(seed, last_day)}}
    return MappingProxyType(dict(sorted(listed.items())))


def exchanges_table(last_day: dt.date) -> pa.Table:
    """Return the exchanges as rows of ``EXCHANGES_SCHEMA``."""
    rows = [
        {
            "region": exchange.region,
            "exchange": exchange.exchange,
            "name": exchange.name,
            "abbreviation": exchange.suffix,
            "first_day": FIRST_DAY if exchange.auction else FIRST_DAY_OF_CONTRACTS,
            "last_day": last_day,
            "feeds": exchange.feeds,
        }
        for exchange in EXCHANGES.values()
    ]
    return pa.Table.from_pylist(rows, EXCHANGES_SCHEMA)


@lru_cache(maxsize=4)
def symbols_table(seed: int, last_day: dt.date) -> pa.Table:
    """Return the instruments as rows of ``SYMBOLS_SCHEMA``."""
    rows = [
        {
            "region": instrument.exchange.region,
            "exchange": instrument.exchange.exchange,
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
        for instrument in instruments(seed, last_day).values()
    ]
    return pa.Table.from_pylist(rows, SYMBOLS_SCHEMA)
