"""What happened to every part of a query."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import pandas as pd

from tickframe.errors import FailedPartsError
from tickframe.plan.part import Part
from tickframe.run.display import outcomes_html
from tickframe.wire.reader import Origin, Response

_SHOWN = ("rows", "bytes", "seconds", "attempts", "origin", "warning", "error")
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to one part.

    Attributes
    ----------
    part : Part
        The request.
    response : Response
        What is known about its response, without the rows.
    seconds : float
        From the first attempt to the last byte decoded.
    error : str
        Why there is no response; empty if there is one.
    """

    part: Part
    response: Response
    seconds: float
    error: str = ""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.response.rows

    @property
    def bytes(self) -> int:
        """Length of the protobuf messages in bytes."""
        return self.response.bytes

    @property
    def attempts(self) -> int:
        """How many requests it took."""
        return self.response.attempts

    @property
    def origin(self) -> Origin:
        """Where the rows came from; of those that an export's dataset had already only the number is known."""
        return self.response.origin

    @property
    def warning(self) -> str:
        """Warning message of the service; empty if there is none."""
        return self.response.warning

    @property
    def meta(self) -> Mapping[str, object]:
        """Metadata of the response, such as ``total_hits`` or the meanings of trade conditions."""
        return self.response.meta


class Outcomes(Sequence[Outcome]):
    """The outcomes of a query's last run, in the order of its parts; they come in as it runs."""

    def __init__(self, outcomes: Iterable[Outcome] = ()) -> None:
        self._outcomes = list(outcomes)

    def append(self, outcome: Outcome) -> None:
        """Take in the outcome of the next part."""
        self._outcomes.append(outcome)

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> Outcomes: ...
    def __getitem__(self, index: int | slice) -> Outcome | Outcomes:
        """Return one outcome, or some as ``Outcomes``."""
        return Outcomes(self._outcomes[index]) if isinstance(index, slice) else self._outcomes[index]

    def __len__(self) -> int:
        """Return how many parts have an outcome."""
        return len(self._outcomes)

    def __repr__(self) -> str:
        """Sum up in one line."""
        rows = sum(outcome.rows for outcome in self)
        empty = sum(not outcome.rows and not outcome.error for outcome in self)
        failed = sum(bool(outcome.error) for outcome in self)
        return f"<Outcomes: {len(self)} parts, {rows:,} rows, {empty} empty, {failed} failed>"

    def _repr_html_(self) -> str:
        """Show a notebook what became of the parts."""
        return outcomes_html(self, repr(self).strip("<>"))

    @property
    def failed(self) -> Outcomes:
        """The outcomes of the parts that have no answer."""
        return Outcomes(outcome for outcome in self if outcome.error)

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Return the rows and bytes of each part that the service or the cache answered, by its words."""
        sizes: dict[str, tuple[int, int]] = {}
        for outcome in self:
            if not outcome.error and outcome.origin != "dataset":
                # Pages are counted together.
                part = str(outcome.part.without_cursor())
                rows, size = sizes.get(part, (0, 0))
                sizes[part] = (rows + outcome.rows, size + outcome.bytes)
        return sizes

    def raise_for_errors(self) -> None:
        """Raise if any part has no answer.

        Raises
        ------
        FailedPartsError
            It holds the outcomes of the failed parts.
        """
        if failed := self.failed:
            raise FailedPartsError(
                f"{len(failed)} of {len(self)} parts failed, the first with: {failed[0].error}; the error's failed has "
                "all of them: ask for these again",
                failed=tuple(failed),
            )

    def to_pandas(self) -> pd.DataFrame:
        """Return a row for each part.

        Returns
        -------
        pandas.DataFrame
            The columns of :class:`Outcome` but ``meta``, with ``part`` in words, and a column for
            each parameter of the parts, such as ``symbol`` and ``day``.
        """
        names = ["part", *_SHOWN]
        rows = [[str(outcome.part), *(getattr(outcome, name) for name in _SHOWN)] for outcome in self]
        asked = pd.DataFrame([dict(outcome.part.parameters) for outcome in self])
        return pd.DataFrame(rows, columns=names).join(asked.drop(columns=names, errors="ignore"))


@dataclass(frozen=True, slots=True)
class Estimate:
    """How much a query is.

    Attributes
    ----------
    parts : int
        How many requests.
    rows, bytes : int or None
        What they will answer, by the mean of those that are known; None where none is.
    known : int
        How many are known.
    """

    parts: int
    rows: int | None
    bytes: int | None
    known: int


def estimate(parts: Sequence[Part], sizes: Mapping[str, tuple[int, int]]) -> Estimate:
    """Return what the rows and bytes of some parts, by their words, let expect of all of them."""
    known = [sizes[str(part)] for part in parts if str(part) in sizes]
    if not known:
        return Estimate(len(parts), rows=None, bytes=None, known=0)
    scale = len(parts) / len(known)
    return Estimate(
        len(parts),
        rows=round(scale * sum(rows for rows, _ in known)),
        bytes=round(scale * sum(size for _, size in known)),
        known=len(known),
    )


def sampled(parts: Sequence[Part], count: int) -> list[Part]:
    """Return some parts, spread evenly over all of them but in step with nothing that recurs among them.

    Steps of the golden ratio lie evenly however many they are; even steps would meet the same symbol
    each time.
    """
    places: set[int] = set()
    numbers = itertools.count()
    while len(places) < min(count, len(parts)):
        places.add(int(len(parts) * (next(numbers) * _GOLDEN % 1)))
    return [parts[place] for place in sorted(places)]
