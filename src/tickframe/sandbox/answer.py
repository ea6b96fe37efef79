"""An answer, and the parameters it is made from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

import pyarrow as pa

from tickframe.catalogue import TickDataFlag, TickDataType
from tickframe.contract import Value
from tickframe.sandbox.market import Market
from tickframe.sandbox.refusal import RefusalError, suggestion

__all__ = ["Answer", "Parameters", "check_source"]


class Parameters(TypedDict, total=False):
    """Checked parameters by their documented names; an optional one that was left out is absent.

    Times are nanoseconds since midnight, ``bin_size`` seconds.
    """

    source: str
    data_type: TickDataType
    symbol: str
    symbols: tuple[str, ...]
    day: dt.date
    first_day: dt.date
    last_day: dt.date
    time: int
    from_time: int
    to_time: int
    bin_size: int
    flags: frozenset[TickDataFlag]
    pattern: str
    exchange_filters: tuple[str, ...]
    region_filters: tuple[str, ...]
    entity_class_filters: tuple[str, ...]
    page_limit: int
    cursor: str


@dataclass(frozen=True)
class Answer:
    """What an answer holds: documented columns, warnings in words, and what stands beside the table."""

    table: pa.Table
    warnings: tuple[str, ...] = ()
    meta: Mapping[str, Value] = field(default_factory=dict)


def check_source(market: Market, parameters: Parameters) -> str:
    """Return the source that was asked for.

    Raises
    ------
    RefusalError
        If the market is not offered under that name.
    """
    source = parameters["source"]
    if source not in market.sources:
        raise RefusalError(f"there is no source {source!r}: {suggestion(source, market.sources)}")
    return source
