"""What responds to each function of the service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tickframe.sandbox.answers import daily, instruments, lookups, ticks
from tickframe.sandbox.answers.response import Response
from tickframe.sandbox.market.interface import Market
from tickframe.sandbox.parameters import Parameters

Responders = Mapping[str, Callable[[Market, Parameters], Response]]

#: The responder of each function by its documented name.
RESPONDERS: Responders = MappingProxyType(
    {
        "lookup_sources": lookups.answer_sources,
        "lookup_exchanges": lookups.answer_exchanges,
        "lookup_symbols": lookups.answer_symbols,
        "tick_data": ticks.answer_tick_data,
        "tick_aggregated": ticks.answer_tick_aggregated,
        "tick_snapshot": ticks.answer_tick_snapshot,
        "order_data": daily.answer_order_data,
        "auction_data": daily.answer_auction_data,
        "end_of_day": daily.answer_end_of_day,
        "settlement_prices": daily.answer_settlement_prices,
        "instrument_status": daily.answer_instrument_status,
        "reference_data": instruments.answer_reference_data,
        "tick_rules": daily.answer_tick_rules,
        "chain": instruments.answer_chain,
    }
)

#: The same, but trades and quotes have a row per trade or quote, as some pages document them.
WITH_QUOTE_ROWS: Responders = MappingProxyType({**RESPONDERS, "tick_data": ticks.answer_tick_data_with_quote_rows})
