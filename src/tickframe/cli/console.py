"""What commands put on stdout, as a table or as JSON, and what they say on stderr."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterable, Sequence
from io import StringIO
from numbers import Real
from typing import Annotated, Any

import pandas as pd
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

# Wider than any row: a pipe has no width, and what is cut off there is lost.
_WIDTH_OF_A_PIPE = 10_000


def print_json(value: object) -> None:
    """Print a value as JSON; dates are written as in ISO 8601, times of day as ``09:00:00``."""
    typer.echo(json.dumps(value, indent=2, default=_text))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, err: bool = False) -> None:
    """Print rows under their columns, numbers to the right.

    Parameters
    ----------
    columns
        The names.
    rows
        The values of each row; null is shown as nothing.
    err
        Whether to print on stderr.
    """
    rows = list(rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for position, name in enumerate(columns):
        numbers = any(isinstance(row[position], Real) for row in rows)
        # In a narrow terminal what identifies a row stays in one piece.
        table.add_column(name, justify="right" if numbers else "left", overflow="fold", no_wrap=position == 0)
    for row in rows:
        table.add_row(*(Text(printable(_text(value))) for value in row))
    is_terminal = (sys.stderr if err else sys.stdout).isatty()
    # Not onto the stream itself: where nobody reads there, Rich would end the process.
    drawn = StringIO()
    console = Console(file=drawn, width=None if is_terminal else _WIDTH_OF_A_PIPE, force_terminal=is_terminal)
    console.print(table)
    typer.echo(drawn.getvalue(), nl=False, err=err)


def printable(text: str) -> str:
    """Return a text in one line: what comes from outside could steer a terminal."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in " ".join(text.split()))


def say(message: str) -> None:
    """Say something about the work on stderr, apart from the results."""
    typer.echo(message, err=True)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value)
    if pd.isna(value):
        return ""
    match value:
        case pd.Timedelta():
            return str(value).removeprefix("0 days ")
        case pd.Timestamp():
            return value.isoformat(sep=" ", timespec="nanoseconds")
        case dt.date():
            return value.isoformat()
        case float():
            return repr(value)
        case _:
            return str(value)
