"""The outcomes of a run as a table for people: the telling ones, and what tells them apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from tickframe.part import Part

__all__ = ["ShownOutcome", "outcome_table"]

_LONGEST_WORDS = 160


class ShownOutcome(Protocol):
    """What is shown of :class:`tickframe.outcomes.Outcome`, which stands above this module."""

    @property
    def part(self) -> Part:
        """The request."""

    @property
    def rows(self) -> int:
        """Rows that arrived."""

    @property
    def bytes(self) -> int:
        """Length of the messages in their frames."""

    @property
    def seconds(self) -> float:
        """From the first attempt to the last byte decoded."""

    @property
    def attempts(self) -> int:
        """How often it was asked."""

    @property
    def origin(self) -> str:
        """Where the rows came from."""

    @property
    def warning(self) -> str:
        """What the service said beside its answer."""

    @property
    def error(self) -> str:
        """Why there is no answer."""


_Shown = TypeVar("_Shown", bound=ShownOutcome)


def outcome_table(outcomes: Sequence[ShownOutcome], limit: int) -> tuple[list[str], list[list[object]]]:
    """Return the columns and the rows of a table of outcomes.

    Parameters
    ----------
    outcomes
        All outcomes of a run.
    limit
        The most rows. Where there are more outcomes, those that failed come first, then those of
        which the service said something, then the others.

    Returns
    -------
    columns : list of str
        The parameters in which the parts differ, then what became of them.
    rows : list of list
        Their values: strings, ints, floats.
    """
    names = _differing_parameters([outcome.part for outcome in outcomes])
    columns = [*(names or ["function"]), "rows", "MB", "seconds", "attempts", "origin", "what was said"]
    rows: list[list[object]] = []
    for outcome in _telling(outcomes, limit):
        asked = outcome.part.brief_words()
        rows.append(
            [
                *([asked.get(name, "") for name in names] or [outcome.part.function]),
                outcome.rows,
                round(outcome.bytes / 1e6, 2),
                round(outcome.seconds, 2),
                outcome.attempts,
                outcome.origin,
                _said(outcome),
            ]
        )
    return columns, rows


def _differing_parameters(parts: Iterable[Part]) -> list[str]:
    """Return the names of the parameters that are not the same in all parts."""
    asked = [dict(part.parameters) for part in parts]
    names = dict.fromkeys(name for parameters in asked for name in parameters)
    return [name for name in names if any(each.get(name) != asked[0].get(name) for each in asked)]


def _telling(outcomes: Sequence[_Shown], limit: int) -> Sequence[_Shown]:
    if len(outcomes) <= limit:
        return outcomes
    # A sort keeps the order of equals.
    return sorted(outcomes, key=lambda outcome: (not outcome.error, not outcome.warning))[:limit]


def _said(outcome: ShownOutcome) -> str:
    said = f"failed: {outcome.error}" if outcome.error else outcome.warning
    # The columns name the request already.
    said = said.removesuffix(f" [{outcome.part}]")
    return said if len(said) <= _LONGEST_WORDS else f"{said[: _LONGEST_WORDS - 1]}…"
