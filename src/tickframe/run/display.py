"""HTML for notebooks.

Symbols and messages come from outside, so everything is escaped, control characters too. Nothing has
a colour of its own, since notebooks are light or dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from numbers import Real

from tickframe.plan.part import Part, shortened
from tickframe.printable import printable

_CELL = "padding:0.15em 0.8em 0.15em 0;vertical-align:top;border:0"


def query_html(parts: Sequence[Part], last_run: str) -> str:
    """Return the requests of a query and its last run as HTML.

    Parameters
    ----------
    parts
        The requests; at least one.
    last_run
        The last run as HTML; empty before the first.
    """
    requests = "1 request" if len(parts) == 1 else f"{len(parts):,} requests"
    words = [part.short_words() for part in parts]
    names = dict.fromkeys(name for each in words for name in each)
    parameters = _table(
        (), [(name, shortened(list(dict.fromkeys(each[name] for each in words if name in each)))) for name in names]
    )
    not_run = _line("not loaded yet: call .to_pandas() or .to_parquet()")
    return f"<div>{_line(f'{parts[0].function}, {requests}')}{parameters}{last_run or not_run}</div>"


def outcomes_html(columns: Sequence[str], rows: Sequence[Sequence[object]], summary: str, hidden: int) -> str:
    """Return a table of outcomes as HTML.

    Parameters
    ----------
    columns, rows
        The table.
    summary
        The run in one line.
    hidden
        How many outcomes are not in the table.
    """
    more = _line(f"and {hidden:,} more, all of them in outcomes.to_pandas()") if hidden else ""
    return f"<div>{_line(summary)}{_table(columns, rows) if rows else ''}{more}</div>"


def _line(text: str) -> str:
    return f'<div style="margin:0.3em 0">{escape(printable(text))}</div>'


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    rows = list(rows)
    head = f"<thead><tr>{_row(columns, rows, 'th')}</tr></thead>" if columns else ""
    body = "".join(f"<tr>{_row(row, rows, 'td')}</tr>" for row in rows)
    return f'<table style="border-collapse:collapse;margin:0.3em 0">{head}<tbody>{body}</tbody></table>'


def _row(values: Sequence[object], rows: Sequence[Sequence[object]], tag: str) -> str:
    """Return the cells of a row, numbers and their headings right-aligned."""
    cells = []
    for at, value in enumerate(values):
        align = "right" if any(isinstance(row[at], Real) for row in rows) else "left"
        # The last column is a sentence; any other cell is unreadable on several lines.
        wrap = "normal" if at == len(values) - 1 else "nowrap"
        style = f"text-align:{align};white-space:{wrap};{_CELL}"
        cells.append(f'<{tag} style="{style}">{escape(printable(_text(value)))}</{tag}>')
    return "".join(cells)


def _text(value: object) -> str:
    match value:
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.2f}"
        case _:
            return str(value)
