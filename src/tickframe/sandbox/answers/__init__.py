"""What each function of the service answers: one entry of ``ANSWERS`` each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tickframe.sandbox.answers.daily import (
    answer_auction_data,
    answer_instrument_status,
    answer_order_data,
    answer_tick_rules,
)
from tickframe.sandbox.answers.days import answer_end_of_day, answer_settlement_prices
from tickframe.sandbox.answers.instruments import answer_chain, answer_reference_data
from tickframe.sandbox.answers.lookups import answer_exchanges, answer_sources, answer_symbols
from tickframe.sandbox.answers.response import Answer
from tickframe.sandbox.answers.ticks import answer_tick_aggregated, answer_tick_data, answer_tick_snapshot
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import Parameters

#: By documented function name.
ANSWERS: Mapping[str, Callable[[Market, Parameters], Answer]] = MappingProxyType(
    {
        "lookup_sources": answer_sources,
        "lookup_exchanges": answer_exchanges,
        "lookup_symbols": answer_symbols,
        "tick_data": answer_tick_data,
        "tick_aggregated": answer_tick_aggregated,
        "tick_snapshot": answer_tick_snapshot,
        "order_data": answer_order_data,
        "auction_data": answer_auction_data,
        "end_of_day": answer_end_of_day,
        "settlement_prices": answer_settlement_prices,
        "instrument_status": answer_instrument_status,
        "reference_data": answer_reference_data,
        "tick_rules": answer_tick_rules,
        "chain": answer_chain,
    }
)
