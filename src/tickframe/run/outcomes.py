"""The outcome of every part of a run."""

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
# Longer messages are cut in tables.
_MAX_MESSAGE = 160
_MAX_HTML_ROWS = 20
_GOLDEN_RATIO = (5**0.5 - 1) / 2


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
    """The outcomes of one run, in the order of its parts; they are added as it runs."""

    def __init__(self, outcomes: Iterable[Outcome] = ()) -> None:
        self._outcomes = list(outcomes)

    def append(self, outcome: Outcome) -> None:
        """Add the outcome of the next part."""
        self._outcomes.append(outcome)

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> Outcomes: ...
    def __getitem__(self, index: int | slice) -> Outcome | Outcomes:
        """Return one outcome, or a slice as ``Outcomes``."""
        return Outcomes(self._outcomes[index]) if isinstance(index, slice) else self._outcomes[index]

    def __len__(self) -> int:
        """Return the number of outcomes."""
        return len(self._outcomes)

    def __repr__(self) -> str:
        """Return a summary in one line."""
        rows = sum(outcome.rows for outcome in self)
        empty = sum(not outcome.rows and not outcome.error for outcome in self)
        return f"<Outcomes: {len(self)} parts, {rows:,} rows, {empty} empty, {len(self.failed)} failed>"

    def _repr_html_(self) -> str:
        return self.to_html(repr(self).strip("<>"))

    def to_html(self, summary: str) -> str:
        """Return a table for a notebook, with a summary above it."""
        columns, rows = self.table(_MAX_HTML_ROWS)
        return outcomes_html(columns, rows, summary, hidden=len(self) - len(rows))

    @property
    def failed(self) -> Outcomes:
        """The outcomes of the parts that failed."""
        return Outcomes(outcome for outcome in self if outcome.error)

    def sizes(self) -> dict[Part, tuple[int, int]]:
        """Return the rows and bytes of each part that the service or the cache responded to."""
        sizes: dict[Part, tuple[int, int]] = {}
        for outcome in self:
            if not outcome.error and outcome.origin != "dataset":
                # Pages are counted together.
                part = outcome.part.without_cursor()
                rows, size = sizes.get(part, (0, 0))
                sizes[part] = (rows + outcome.rows, size + outcome.bytes)
        return sizes

    def raise_for_errors(self) -> None:
        """Raise an error if any part failed.

        Raises
        ------
        FailedPartsError
            With the outcomes of the failed parts.
        """
        if failed := self.failed:
            raise FailedPartsError(
                f"{len(failed)} of {len(self)} parts failed, the first with: {failed[0].error}; see the error's "
                "failed attribute for all of them, and load these parts again",
                failed=tuple(failed),
            )

    def to_pandas(self) -> pd.DataFrame:
        """Return a row for each part.

        Returns
        -------
        pandas.DataFrame
            ``part`` as text, the other attributes of :class:`Outcome` except ``meta``, and a column for
            each parameter of the parts, such as ``symbol`` and ``day``.
        """
        names = ["part", *_SHOWN]
        rows = [[str(outcome.part), *(getattr(outcome, name) for name in _SHOWN)] for outcome in self]
        parameters = pd.DataFrame([dict(outcome.part.parameters) for outcome in self])
        return pd.DataFrame(rows, columns=names).join(parameters.drop(columns=names, errors="ignore"))

    def table(self, limit: int) -> tuple[list[str], list[list[object]]]:
        """Return the columns and the rows of a table for people.

        Parameters
        ----------
        limit
            The maximum number of rows. If there are more outcomes, failures come first, then those
            with a warning, then the others.

        Returns
        -------
        columns : list of str
            The parameters in which the parts differ, then the attributes of the outcome.
        rows : list of list
            Their values: strings, ints, floats.
        """
        names = _differing_parameters([outcome.part for outcome in self])
        columns = [*(names or ["function"]), "rows", "MB", "seconds", "attempts", "origin", "message"]
        rows: list[list[object]] = []
        for outcome in self._most_relevant(limit):
            parameters = outcome.part.short_words()
            rows.append(
                [
                    *([parameters.get(name, "") for name in names] or [outcome.part.function]),
                    outcome.rows,
                    round(outcome.bytes / 1e6, 2),
                    round(outcome.seconds, 2),
                    outcome.attempts,
                    outcome.origin,
                    _message(outcome),
                ]
            )
        return columns, rows

    def _most_relevant(self, limit: int) -> Sequence[Outcome]:
        if len(self) <= limit:
            return self
        # The sort is stable.
        return sorted(self, key=lambda outcome: (not outcome.error, not outcome.warning))[:limit]


def _differing_parameters(parts: Iterable[Part]) -> list[str]:
    """Return the names of the parameters that are not the same in all parts."""
    given = [dict(part.parameters) for part in parts]
    names = dict.fromkeys(name for parameters in given for name in parameters)
    return [name for name in names if any(each.get(name) != given[0].get(name) for each in given)]


def _message(outcome: Outcome) -> str:
    message = f"failed: {outcome.error}" if outcome.error else outcome.warning
    # The other columns show the request.
    message = message.removesuffix(f" [{outcome.part}]")
    return message if len(message) <= _MAX_MESSAGE else f"{message[: _MAX_MESSAGE - 1]}…"


@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimated size of a query.

    Attributes
    ----------
    parts : int
        Number of requests.
    rows, bytes : int or None
        Extrapolated from the parts of known size; None if there are none.
    known : int
        Number of parts of known size.
    """

    parts: int
    rows: int | None
    bytes: int | None
    known: int


def estimate(parts: Sequence[Part], sizes: Mapping[Part, tuple[int, int]]) -> Estimate:
    """Extrapolate from the rows and bytes of some parts to all of them."""
    known = [sizes[part] for part in parts if part in sizes]
    if not known:
        return Estimate(len(parts), rows=None, bytes=None, known=0)
    scale = len(parts) / len(known)
    return Estimate(
        len(parts),
        rows=round(scale * sum(rows for rows, _ in known)),
        bytes=round(scale * sum(size for _, size in known)),
        known=len(known),
    )


def evenly_spread(parts: Sequence[Part], count: int) -> list[Part]:
    """Return some parts, spread evenly but in step with nothing that recurs among them.

    Multiples of the golden ratio are spread evenly whatever their number; even steps would meet the
    same symbol each time.
    """
    chosen: set[int] = set()
    numbers = itertools.count()
    while len(chosen) < min(count, len(parts)):
        chosen.add(int(len(parts) * (next(numbers) * _GOLDEN_RATIO % 1)))
    return [parts[at] for at in sorted(chosen)]
