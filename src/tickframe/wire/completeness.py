"""What the metadata and the warning of a response say about rows that it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tickframe.wire.lists import NULL_INT64

# By the names of the metadata: what the service did if the value is anything but zero or null.
_HOLES: Mapping[str, str] = {
    "truncated_trade_rows": "the service cut trades from the response",
    "truncated_quote_rows": "the service cut quotes from the response",
    "binning_level": "the service summarized ticks of the response in bins",
}

_PARTIAL = re.compile(r"\b(partial(ly)?|incomplete(ly)?|truncated)\b", re.IGNORECASE)


def warns_of_holes(warning: str) -> bool:
    """Return whether the warning of a response says that rows are missing."""
    return _PARTIAL.search(warning) is not None


def announced_holes(meta: Mapping[str, object]) -> Iterator[str]:
    """Describe each hole that the metadata of a response announces.

    Parameters
    ----------
    meta
        The metadata as Python values.
    """
    for name, description in _HOLES.items():
        value = meta.get(name)
        # A NaN is the only value that does not equal itself.
        if value and value not in (NULL_INT64, "0") and value == value:  # noqa: PLR0124
            yield f"{description} ({name} = {value}): request less at once, such as a shorter time"
