"""An answer, and what all of them check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from tickframe.contract import Value
from tickframe.sandbox.market import Market
from tickframe.sandbox.parameters import Parameters
from tickframe.sandbox.refusal import RefusalError, suggestion

__all__ = ["Answer", "check_source"]


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
