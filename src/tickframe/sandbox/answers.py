"""What each function of the service answers: one entry of ``ANSWERS`` each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tickframe.sandbox.answer import Answer
from tickframe.sandbox.lookup import answer_exchanges, answer_sources, answer_symbols
from tickframe.sandbox.market import Market
from tickframe.sandbox.parameters import Parameters
from tickframe.sandbox.tick_answers import (
    answer_end_of_day,
    answer_tick_aggregated,
    answer_tick_data,
    answer_tick_snapshot,
)

__all__ = ["ANSWERS"]

#: By documented function name.
ANSWERS: Mapping[str, Callable[[Market, Parameters], Answer]] = MappingProxyType(
    {
        "lookup_sources": answer_sources,
        "lookup_exchanges": answer_exchanges,
        "lookup_symbols": answer_symbols,
        "tick_data": answer_tick_data,
        "tick_aggregated": answer_tick_aggregated,
        "tick_snapshot": answer_tick_snapshot,
        "end_of_day": answer_end_of_day,
    }
)
