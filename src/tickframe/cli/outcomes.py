"""What happened to each part of a query: a table and a sentence for people, JSON for programs."""

from __future__ import annotations

from tickframe.cli.console import print_table, say
from tickframe.run.outcomes import Outcomes

_MOST_ROWS = 20


def summary(outcomes: Outcomes, seconds: float) -> str:
    """Sum up outcomes, such as ``115,943 rows in 9 parts (2 empty), 0.5 s, 4 parts from the cache``.

    Parameters
    ----------
    outcomes
        The outcomes of a run.
    seconds
        How long the run took.
    """
    rows = sum(outcome.rows for outcome in outcomes)
    empty = sum(not outcome.rows and not outcome.error for outcome in outcomes)
    failed = f", {len(outcomes.failed):,} failed" if outcomes.failed else ""
    parts = "1 part" if len(outcomes) == 1 else f"{len(outcomes):,} parts"
    return f"{rows:,} rows in {parts} ({empty:,} empty{failed}), {seconds:.1f} s{_from_cache(outcomes)}"


def _from_cache(outcomes: Outcomes) -> str:
    cached = sum(outcome.origin == "cache" for outcome in outcomes)
    if not cached:
        return ""
    return ", all from the cache" if cached == len(outcomes) else f", {cached:,} parts from the cache"


def print_outcomes(outcomes: Outcomes) -> None:
    """Print a table of outcomes on stderr, apart from the results; of many, the telling ones."""
    columns, rows = outcomes.table(_MOST_ROWS)
    print_table(columns, rows, err=True)
    if len(rows) < len(outcomes):
        say(f"and {len(outcomes) - len(rows):,} more parts: --json lists all")


def as_records(outcomes: Outcomes) -> list[dict[str, object]]:
    """Return a record for each part: what was asked, and the fields of :class:`tickframe.run.outcomes.Outcome`."""
    names = ("rows", "bytes", "seconds", "attempts", "origin", "warning", "error", "meta")
    return [
        {
            "function": outcome.part.function,
            "parameters": dict(outcome.part.parameters),
            **{name: getattr(outcome, name) for name in names},
        }
        for outcome in outcomes
    ]
