"""The answer to one request: its rows, and what was said beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from tickframe.decode import Response

__all__ = ["Answer", "Origin", "answer_of"]

Origin = Literal["service", "cache", "dataset"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request brought.

    Attributes
    ----------
    batches : tuple of pyarrow.RecordBatch
        The rows, at least one batch. From the service one for each frame.
    bytes : int
        Length of the messages in their frames.
    warning : str
        What the service said beside its answer; empty where it said nothing.
    meta : Mapping[str, object]
        What the service said of the answer as a whole.
    attempts : int
        How often it was asked.
    origin : {"service", "cache"}
        Where the rows came from.
    """

    batches: tuple[pa.RecordBatch, ...]
    bytes: int
    warning: str = ""
    meta: Mapping[str, object] = field(default_factory=dict)
    attempts: int = 0
    origin: Origin = "service"

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(batch.num_rows for batch in self.batches)


def answer_of(responses: Sequence[Response], attempts: int) -> Answer:
    """Return what the frames of an answer hold together."""
    return Answer(
        batches=tuple(response.batch for response in responses),
        bytes=sum(response.length for response in responses),
        warning="; ".join(dict.fromkeys(_warnings_of(responses))),
        meta={name: value for response in responses for name, value in response.meta.items()},
        attempts=attempts,
    )


def _warnings_of(responses: Sequence[Response]) -> Iterator[str]:
    for response in responses:
        if response.warning:
            yield response.warning
        if response.missing:
            yield f"the answer lacks the documented column(s) {', '.join(response.missing)}, which are null here"
