"""The first and the last rows of ticks as a table, with the number of rows."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import typer

from tickframe.arrow_to_pandas import to_dataframe
from tickframe.cli.console import print_table
from tickframe.timestamps import TIMESTAMP

_SHOWN = 5


def print_head(frame: pd.DataFrame) -> None:
    """Print the first rows of a DataFrame with a named index, and its size."""
    _print(frame.iloc[:_SHOWN], len(frame))


def print_ends(ticks: pa.RecordBatchReader) -> None:
    """Read ticks to their end, and print the first and last rows and the number of rows.

    Parameters
    ----------
    ticks
        Ticks with a column ``timestamp``. Only the batches that hold the shown rows stay in memory.
    """
    first = last = ticks.schema.empty_table()
    rows = 0
    for batch in ticks:
        table = pa.Table.from_batches([batch])
        if len(first) < 2 * _SHOWN:
            first = pa.concat_tables([first, table.slice(0, 2 * _SHOWN - len(first))])
        if len(table):
            last = pa.concat_tables([last, table])
            last = last.slice(max(0, len(last) - _SHOWN))
        rows += len(table)
    ends = pa.concat_tables([first.slice(0, _SHOWN), last]) if rows > len(first) else first
    _print(to_dataframe(ends, index=TIMESTAMP), rows)


def _print(ends: pd.DataFrame, rows: int) -> None:
    """Print rows, with an ellipsis after the first ones if others are not shown."""
    shown: list[tuple[object, ...]] = list(ends.itertuples(name=None))
    if len(shown) < rows:
        shown.insert(_SHOWN, ("...",) * (len(ends.columns) + 1))
    print_table([str(ends.index.name), *ends.columns], shown)
    typer.echo(f"{rows:,} rows, {len(ends.columns)} columns")
