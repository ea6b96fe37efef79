"""Ticks as a table on stdout: their first and last rows, and how many there are."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import typer

from tickframe.arrow_to_pandas import to_dataframe
from tickframe.cli.console import print_table

_SHOWN = 5


def print_first(frame: pd.DataFrame) -> None:
    """Print the first rows of a frame with a named index, and its size."""
    _print(frame.iloc[:_SHOWN], len(frame), first=_SHOWN)


def print_ends(ticks: pa.RecordBatchReader) -> None:
    """Read ticks to their end, and print the first and the last rows and how many there are.

    Parameters
    ----------
    ticks
        Ticks with a date and a time. No more batches are in memory than the ends lie in.
    """
    first = last = ticks.schema.empty_table()
    rows = 0
    for batch in ticks:
        table = pa.Table.from_batches([batch])
        if len(first) < _SHOWN:
            first = pa.concat_tables([first, table.slice(0, _SHOWN - len(first))])
        if len(table):
            last = pa.concat_tables([last, table])
            last = last.slice(max(0, len(last) - _SHOWN))
        rows += len(table)
    unseen = min(_SHOWN, rows - len(first))
    ends = pa.concat_tables([first, last.slice(len(last) - unseen)])
    _print(to_dataframe(ends, timestamp=("date", "time")), rows, first=len(first))


def _print(ends: pd.DataFrame, rows: int, *, first: int) -> None:
    """Print rows, with dots behind the first ones where others are left out."""
    shown: list[tuple[object, ...]] = list(ends.itertuples(name=None))
    if len(shown) < rows:
        shown.insert(first, ("...",) * (len(ends.columns) + 1))
    print_table([str(ends.index.name), *ends.columns], shown)
    typer.echo(f"{rows:,} rows, {len(ends.columns)} columns")
