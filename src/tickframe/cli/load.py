"""``tickframe load``: ticks to a file, or their first and last rows to the terminal."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from tickframe.catalogue import TickDataFlag, TickDataType
from tickframe.cli.connection import SandboxOption, UrlOption, UserOption, connect
from tickframe.cli.failures import DebugOption, failures_in_one_line
from tickframe.cli.frame_table import print_frame
from tickframe.cli.outcome_report import as_records, summary
from tickframe.cli.results import print_json, say
from tickframe.cli.ticks_file import SUFFIXES, write_ticks
from tickframe.query import Query

__all__ = ["load"]


def _check_file(path: Path | None) -> Path | None:
    """Refuse a file that could not be written before anything is asked for."""
    if path is None:
        return None
    if path.suffix not in SUFFIXES:
        raise typer.BadParameter(f"{path.name!r} ends in none of {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {str(path.parent)!r}: make it first")
    return path


def load(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The data source, such as ACTIV.")],
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL", help="One symbol or several.")],
    day: Annotated[
        str, typer.Argument(metavar="DAY[:DAY]", help="A day (2016-05-05), or first:last with both included.")
    ],
    *,
    data_type: Annotated[
        TickDataType,
        typer.Option("--type", metavar="TYPE", case_sensitive=False, help=f"One of {', '.join(TickDataType)}."),
    ],
    from_time: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="From this time of day, included (09:00:00.000).")
    ] = None,
    to_time: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Up to this time of day, included.")
    ] = None,
    flags: Annotated[
        list[TickDataFlag] | None,
        typer.Option(
            "--flag", metavar="FLAG", case_sensitive=False, help=f"Any of {', '.join(TickDataFlag)}; again for each."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            callback=_check_file,
            help="Write .parquet (exact types) or .csv; left out, the first and last rows are shown.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what happened to each request as JSON, instead of rows.")
    ] = False,
    url: UrlOption = None,
    user: UserOption = None,
    sandbox: SandboxOption = False,
    debug: DebugOption = False,
) -> None:
    """Load the ticks of symbols and days, whole or not at all."""
    with failures_in_one_line(debug=debug), connect(url, user, sandbox=sandbox, progress=True) as client:
        query = client.tick_data(
            source, symbols, _days(day), data_type=data_type, from_time=from_time, to_time=to_time, flags=flags
        )
        started = time.monotonic()
        try:
            _deliver(query, out, shown=not as_json)
        finally:
            if as_json:
                print_json(as_records(query.outcomes))
        written = f" -> {out}" if out else ""
        say(summary(query.outcomes, time.monotonic() - started) + written)
        if sum(bool(outcome.warning) for outcome in query.outcomes) > 1 and not as_json:
            say("--json lists what the service said of each part")


def _days(day: str) -> str | tuple[str, str]:
    first, colon, last = day.partition(":")
    return (first, last) if colon else day


def _deliver(query: Query, out: Path | None, *, shown: bool) -> None:
    if out is not None:
        with query.to_reader() as ticks:
            write_ticks(ticks, out)
        return
    frame = query.to_pandas()
    if shown:
        print_frame(frame)
