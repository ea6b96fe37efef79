"""Outcomes of the parts of a query: a table and a summary for people, records for JSON."""

from __future__ import annotations

from tickframe.cli.console import count, print_message, print_table
from tickframe.run.outcomes import Outcomes

_MAX_ROWS = 20
_FIELDS = ("rows", "bytes", "seconds", "attempts", "origin", "warning", "error", "meta")


def summary(outcomes: Outcomes, seconds: float) -> str:
    """Return a summary, such as ``115,943 rows in 9 parts (2 empty), 0.5 s, 4 parts from the cache``.

    Parameters
    ----------
    outcomes
        Outcomes of a run.
    seconds
        Duration of the run.
    """
    rows = sum(outcome.rows for outcome in outcomes)
    empty = sum(not outcome.rows and not outcome.error for outcome in outcomes)
    failed = f", {len(outcomes.failed):,} failed" if outcomes.failed else ""
    cached = sum(outcome.origin == "cache" for outcome in outcomes)
    cached_parts = "all" if cached == len(outcomes) else f"{cached:,} parts"
    from_cache = f", {cached_parts} from the cache" if cached else ""
    parts = count(len(outcomes), "part")
    return f"{rows:,} rows in {parts} ({empty:,} empty{failed}), {seconds:.1f} s{from_cache}"


def print_outcomes(outcomes: Outcomes) -> None:
    """Print a table of outcomes to stderr; if there are many, those that failed come first."""
    columns, rows = outcomes.table(_MAX_ROWS)
    print_table(columns, rows, err=True)
    if len(rows) < len(outcomes):
        print_message(f"{len(outcomes) - len(rows):,} more parts not shown: use --json to list all")


def as_records(outcomes: Outcomes) -> list[dict[str, object]]:
    """Return a record for each part: function, parameters and the fields of its outcome."""
    return [
        {
            "function": outcome.part.function,
            "parameters": dict(outcome.part.parameters),
            **{name: getattr(outcome, name) for name in _FIELDS},
        }
        for outcome in outcomes
    ]
