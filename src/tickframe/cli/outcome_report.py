"""What happened to each part of a query: a sentence for people, JSON for programs."""

from __future__ import annotations

from dataclasses import fields

from tickframe.outcomes import Outcome, Outcomes

__all__ = ["as_records", "summary"]


def summary(outcomes: Outcomes, seconds: float) -> str:
    """Sum up outcomes, such as ``115,943 rows in 9 parts (2 empty), 0.5 s``.

    Parameters
    ----------
    outcomes
        The outcomes of a run without errors.
    seconds
        How long the run took.
    """
    rows = sum(outcome.rows for outcome in outcomes)
    empty = sum(not outcome.rows for outcome in outcomes)
    parts = "1 part" if len(outcomes) == 1 else f"{len(outcomes):,} parts"
    return f"{rows:,} rows in {parts} ({empty:,} empty), {seconds:.1f} s"


def as_records(outcomes: Outcomes) -> list[dict[str, object]]:
    """Return a record for each part: what was asked, and the fields of :class:`tickframe.outcomes.Outcome`."""
    names = [field.name for field in fields(Outcome) if field.name != "part"]
    return [
        {
            "function": outcome.part.function,
            "parameters": dict(outcome.part.parameters),
            **{name: getattr(outcome, name) for name in names},
        }
        for outcome in outcomes
    ]
