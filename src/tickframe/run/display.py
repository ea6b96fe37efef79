"""The outcomes of a run as a table for people: the telling ones, and what tells them apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from numbers import Real
from typing import Protocol, TypeVar

from tickframe.plan.part import Part, listed

_MOST_ROWS = 20
_CELL = "padding:0.15em 0.8em 0.15em 0;vertical-align:top;border:0"


def query_html(parts: Sequence[Part], outcomes: Sequence[ShownOutcome], summary: str) -> str:
    """Return what is asked, and under it what the last run brought.

    Parameters
    ----------
    parts
        The requests; at least one.
    outcomes
        The outcomes of the last run; empty before the first.
    summary
        The last run in a line.
    """
    requests = "1 request" if len(parts) == 1 else f"{len(parts):,} requests"
    words = [part.brief_words() for part in parts]
    names = dict.fromkeys(name for each in words for name in each)
    asked = _table(
        (), [(name, listed(list(dict.fromkeys(each[name] for each in words if name in each)))) for name in names]
    )
    ran = outcomes_html(outcomes, summary) if outcomes else _line("not asked yet: a to_... method asks")
    return f"<div>{_line(f'{parts[0].function}, {requests}')}{asked}{ran}</div>"


def outcomes_html(outcomes: Sequence[ShownOutcome], summary: str) -> str:
    """Return a table of at most some tens of outcomes, those that failed before others.

    Parameters
    ----------
    outcomes
        All outcomes of a run.
    summary
        The run in a line.
    """
    columns, rows = outcome_table(outcomes, _MOST_ROWS)
    left_out = len(outcomes) - len(rows)
    more = _line(f"and {left_out:,} more, all of them in outcomes.to_pandas()") if left_out else ""
    return f"<div>{_line(summary)}{_table(columns, rows) if rows else ''}{more}</div>"


def _line(text: str) -> str:
    return f'<div style="margin:0.3em 0">{escape(text)}</div>'


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    rows = list(rows)
    head = f"<thead><tr>{_row(columns, rows, 'th')}</tr></thead>" if columns else ""
    body = "".join(f"<tr>{_row(row, rows, 'td')}</tr>" for row in rows)
    return f'<table style="border-collapse:collapse;margin:0.3em 0">{head}<tbody>{body}</tbody></table>'


def _row(values: Sequence[object], rows: Sequence[Sequence[object]], tag: str) -> str:
    """Return the cells of a row, numbers and their heads to the right."""
    cells = []
    for place, value in enumerate(values):
        is_number = any(isinstance(row[place], Real) for row in rows)
        # What was said is a sentence; whatever else breaks into lines cannot be read.
        wrap = "normal" if place == len(values) - 1 else "nowrap"
        style = f"text-align:{'right' if is_number else 'left'};white-space:{wrap};{_CELL}"
        cells.append(f'<{tag} style="{style}">{escape(_text(value))}</{tag}>')
    return "".join(cells)


def _text(value: object) -> str:
    match value:
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.2f}"
        case _:
            return str(value)


_LONGEST_WORDS = 160


class ShownOutcome(Protocol):
    """What is shown of :class:`tickframe.run.outcomes.Outcome`, which stands above this module."""

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
