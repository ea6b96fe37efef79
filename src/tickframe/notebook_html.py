"""What a notebook shows of a query and of its outcomes.

Symbols and the service's words come from outside, so that everything is escaped. Nothing has a
colour of its own, since notebooks are light or dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from numbers import Real

from tickframe.outcome_table import ShownOutcome, outcome_table
from tickframe.part import Part, listed

__all__ = ["outcomes_html", "query_html"]

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
