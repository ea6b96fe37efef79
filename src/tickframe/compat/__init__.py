"""The names, signatures and results of the vendor's own packages ``xythub``, ``xyt`` and ``xythub_tca``.

A script with ``from xythub import ApiSettings, tick_data, TickDataType`` runs with
``from tickframe.compat import ...`` in its place. The address of the service and the client secret come
from ``TICKFRAME_URL`` and ``TICKFRAME_CLIENT_SECRET``; see :mod:`tickframe.settings`.

Results are tables of documented columns without an index, with nulls in integer columns as -2**63,
as in that library. ``docs/from_the_vendors_library.md`` lists the differences.
"""

from tickframe.catalogue import ChainType, ItemType, TickDataFlag, TickDataType
from tickframe.compat.analytics import (
    PVWAP,
    RPM,
    BookAggregate,
    BookDepth,
    BookSnapshot,
    MarketAggregate,
    MarketParticipation,
    Volatility,
    tick_analytics,
)
from tickframe.compat.library import (
    ApiSettings,
    DataObject,
    XytClient,
    auction_data,
    chain,
    end_of_day,
    get,
    instrument_status,
    lookup_exchanges,
    lookup_sources,
    lookup_symbols,
    order_data,
    reference_data,
    settlement_prices,
    tick_aggregated,
    tick_data,
    tick_rules,
    tick_snapshot,
)

__all__ = [
    "PVWAP",
    "RPM",
    "ApiSettings",
    "BookAggregate",
    "BookDepth",
    "BookSnapshot",
    "ChainType",
    "DataObject",
    "ItemType",
    "MarketAggregate",
    "MarketParticipation",
    "TickDataFlag",
    "TickDataType",
    "Volatility",
    "XytClient",
    "auction_data",
    "chain",
    "end_of_day",
    "get",
    "instrument_status",
    "lookup_exchanges",
    "lookup_sources",
    "lookup_symbols",
    "order_data",
    "reference_data",
    "settlement_prices",
    "tick_aggregated",
    "tick_analytics",
    "tick_data",
    "tick_rules",
    "tick_snapshot",
]
