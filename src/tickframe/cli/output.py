"""Where ``tickframe load`` puts ticks: the terminal, a file, a dataset's folder, or a pipe."""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import typer

from tickframe.cli.preview import print_ends
from tickframe.cli.writers import SUFFIXES, PipeFormat, write_ticks, write_ticks_to_pipe
from tickframe.query import Query
from tickframe.run.fetch import OnError


@dataclass(frozen=True)
class Terminal:
    """The first and the last rows on stdout."""

    name = ""

    def take(self, query: Query, on_error: OnError) -> None:
        """Ask, and show."""
        with query.to_reader(on_error=on_error) as ticks:
            print_ends(ticks)


@dataclass(frozen=True)
class Nowhere:
    """What became of each part is all that is wanted."""

    name = ""

    def take(self, query: Query, on_error: OnError) -> None:
        """Ask, and forget."""
        with query.to_reader(on_error=on_error) as ticks:
            deque(ticks, maxlen=0)


@dataclass(frozen=True)
class Pipe:
    """All rows on stdout, and nothing else."""

    pipe_format: PipeFormat
    name = ""

    def take(self, query: Query, on_error: OnError) -> None:
        """Ask, and write."""
        with (
            # A file of its own: Arrow closes what it has written, and stdout must stay open.
            open(sys.stdout.fileno(), "wb", closefd=False) as pipe,
            query.to_reader(on_error=on_error) as ticks,
        ):
            write_ticks_to_pipe(ticks, pipe, self.pipe_format)


@dataclass(frozen=True)
class File:
    """One file, whole or not at all."""

    path: Path

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def take(self, query: Query, on_error: OnError) -> None:
        """Ask, and write."""
        with query.to_reader(on_error=on_error) as ticks:
            write_ticks(ticks, self.path)


@dataclass(frozen=True)
class Dataset:
    """A folder of files for each symbol and day; what is there already is not asked for again."""

    folder: Path

    @property
    def name(self) -> str:
        """The path."""
        return f"{self.folder}/"

    def take(self, query: Query, on_error: OnError) -> None:
        """Ask for what is missing, and write each part."""
        query.to_parquet(self.folder, on_error=on_error)


Destination = Terminal | Nowhere | Pipe | File | Dataset


def destination(out: str | None, pipe_format: PipeFormat | None, *, as_json: bool) -> Destination:
    """Return what ``--out``, ``--format`` and ``--json`` mean together.

    Raises
    ------
    typer.BadParameter
        If they mean nothing, or what they name could not be written: nothing was asked for yet.
    """
    if pipe_format is not None and out != "-":
        raise typer.BadParameter("--format goes with --out -: a file's format is in its name")
    if out is None:
        return Nowhere() if as_json else Terminal()
    if out == "-":
        return _pipe(pipe_format or PipeFormat.ARROW, as_json=as_json)
    path = Path(out)
    if out.endswith("/") or path.is_dir():
        return Dataset(path)
    if path.suffix not in SUFFIXES:
        raise typer.BadParameter(
            f"{path.name!r} ends in none of {', '.join(SUFFIXES)}; the name of a dataset's folder ends in /"
        )
    if not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {str(path.parent)!r}: make it first")
    return File(path)


def _pipe(pipe_format: PipeFormat, *, as_json: bool) -> Pipe:
    if as_json:
        raise typer.BadParameter("--json and --out - would both write to stdout: write the ticks into a file")
    if pipe_format is PipeFormat.ARROW and sys.stdout.isatty():
        raise typer.BadParameter("an Arrow stream is nothing for a terminal: pipe it on, or take --format csv")
    return Pipe(pipe_format)
