"""A DataFrame as a table on stdout: its first and last rows, and how many there are."""

from __future__ import annotations

import pandas as pd
import typer

from tickframe.cli.results import print_table

__all__ = ["print_frame"]


def print_frame(frame: pd.DataFrame, *, first: int = 5, last: int = 5) -> None:
    """Print the ends of a frame and its size.

    Parameters
    ----------
    frame
        A frame with a named index.
    first, last
        How many rows to show of each end; a row of dots stands for those between.
    """
    head = frame.iloc[:first]
    tail = frame.iloc[max(first, len(frame) - last) :]
    rows: list[tuple[object, ...]] = list(head.itertuples(name=None))
    if len(head) + len(tail) < len(frame):
        rows.append(("...",) * (len(frame.columns) + 1))
    rows.extend(tail.itertuples(name=None))
    print_table([str(frame.index.name), *frame.columns], rows)
    typer.echo(f"{len(frame):,} rows, {len(frame.columns)} columns")
