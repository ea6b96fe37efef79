"""Where ``tickframe load`` writes ticks: the terminal, a file, a dataset or stdout."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import typer

from tickframe.cli.preview import print_ends
from tickframe.cli.writers import SUFFIXES, StreamFormat, write_file, write_stream
from tickframe.export import Existing
from tickframe.query import Query
from tickframe.run.fetch import OnError


@dataclass(frozen=True)
class Stream:
    """One file, stdout or the terminal, written batch by batch.

    Attributes
    ----------
    write
        Reads the ticks to their end.
    name
        Path of the file; empty for stdout and the terminal.
    """

    write: Callable[[pa.RecordBatchReader], object]
    name: str = ""

    def load(self, query: Query, on_error: OnError) -> None:
        """Load ticks and write them."""
        with query.to_reader(on_error=on_error) as ticks:
            self.write(ticks)


@dataclass(frozen=True)
class Dataset:
    """A directory with files for each symbol and day.

    Attributes
    ----------
    directory
        The directory.
    existing
        What to do with parts that it has.
    """

    directory: Path
    existing: Existing

    @property
    def name(self) -> str:
        """Name of the directory."""
        return f"{self.directory}/"

    def load(self, query: Query, on_error: OnError) -> None:
        """Load the parts and write each."""
        query.to_parquet(self.directory, existing=self.existing, on_error=on_error)


Output = Stream | Dataset


def output(out: str | None, stream_format: StreamFormat | None, *, as_json: bool, force: bool = False) -> Output:
    """Return the output that ``--out``, ``--format``, ``--json`` and ``--force`` select.

    Raises
    ------
    typer.BadParameter
        If they contradict each other, or the path cannot be written or exists.
    """
    if stream_format is not None and out != "-":
        raise typer.BadParameter("--format requires --out -: the extension sets the format of a file")
    if force and out in (None, "-"):
        raise typer.BadParameter("--force requires --out FILE or --out DIR/")
    if out is None:
        return Stream(_discard if as_json else print_ends)
    if out == "-":
        return _stdout(stream_format or StreamFormat.ARROW, as_json=as_json)
    path = Path(out)
    if out.endswith("/") or path.is_dir():
        return Dataset(path, "overwrite" if force else "skip")
    if path.suffix not in SUFFIXES:
        raise typer.BadParameter(
            f"invalid output {path.name!r}: expected a name ending in {', '.join(SUFFIXES)}, or / for a dataset"
        )
    if not path.parent.is_dir():
        raise typer.BadParameter(f"directory {str(path.parent)!r} does not exist: create it first")
    if path.exists() and not force:
        raise typer.BadParameter(f"{str(path)!r} exists: choose another name, or replace it with --force")
    return Stream(partial(write_file, path=path), str(path))


def _stdout(stream_format: StreamFormat, *, as_json: bool) -> Stream:
    if as_json:
        raise typer.BadParameter("--json and --out - both write to stdout: write the ticks to a file instead")
    if stream_format is StreamFormat.ARROW and sys.stdout.isatty():
        raise typer.BadParameter("cannot write an Arrow stream to a terminal: redirect stdout, or use --format csv")
    return Stream(partial(_write_stdout, stream_format=stream_format))


def _write_stdout(ticks: pa.RecordBatchReader, stream_format: StreamFormat) -> None:
    # Arrow closes the file that it has written, and stdout must stay open.
    with open(sys.stdout.fileno(), "wb", closefd=False) as stdout:
        write_stream(ticks, stdout, stream_format)


def _discard(ticks: pa.RecordBatchReader) -> None:
    deque(ticks, maxlen=0)
