"""Results on stdout, as a table or as JSON, and messages on stderr."""

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

from tickframe.printable import printable

JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

# Wider than any row: a pipe has no width, and Rich would truncate rows at its default of 80 columns.
_PIPE_WIDTH = 10_000


def print_json(value: object) -> None:
    """Print a value as JSON, with dates in ISO 8601 and times of day as ``09:00:00``."""
    typer.echo(json.dumps(value, indent=2, default=_format))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, err: bool = False) -> None:
    """Print a table, with columns of numbers aligned to the right.

    Parameters
    ----------
    columns
        Column names.
    rows
        Values of each row; nulls are blank.
    err
        Whether to print to stderr.
    """
    rows = list(rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for position, name in enumerate(columns):
        numeric = any(isinstance(row[position], Real) for row in rows)
        # Rich would read markup in a text. In a narrow terminal, the column that identifies a row is not wrapped.
        table.add_column(
            Text(printable(name)), justify="right" if numeric else "left", overflow="fold", no_wrap=position == 0
        )
    for row in rows:
        table.add_row(*(Text(printable(_format(value))) for value in row))
    is_terminal = (sys.stderr if err else sys.stdout).isatty()
    # Rich exits the process on a broken pipe if it writes to the stream itself.
    text = StringIO()
    Console(file=text, width=None if is_terminal else _PIPE_WIDTH, force_terminal=is_terminal).print(table)
    typer.echo(text.getvalue(), nl=False, err=err)


def print_message(message: str) -> None:
    """Print a message to stderr, apart from the results."""
    typer.echo(printable(message), err=True)


def count(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 part`` or ``1,550 parts``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _format(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_format(each) for each in value)
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
