"""``tickframe load``: ticks to a file, a dataset or a pipe, or their first and last rows to the terminal."""

from __future__ import annotations

import time
import traceback
from typing import Annotated

import typer

from tickframe.catalogue import TickDataFlag, TickDataType
from tickframe.cli.connection import SandboxOption, UrlOption, UserOption, connect
from tickframe.cli.console import print_json, say
from tickframe.cli.error_reporting import DebugOption, failures_in_one_line
from tickframe.cli.exit_codes import EXIT_CODES, ExitCode, examples
from tickframe.cli.outcomes import as_records, print_outcomes, summary
from tickframe.cli.output import Dataset, Destination, destination
from tickframe.cli.writers import PipeFormat
from tickframe.query import Query
from tickframe.run.fetch import OnError

EPILOG = "\n\n".join(
    [
        examples(
            "tickframe load ACTIV ZAL.XE 2016-05-05 --type trades --sandbox",
            "tickframe load ACTIV ZAL.XE ADS.XE 2016-05-05 --type quotes --on-error collect",
            "tickframe load ACTIV ZAL.XE 2016-05-02:2016-05-06 --type quotes --out q.csv",
            "tickframe load ACTIV 2016-05-05 --symbols dax.txt --type trades --out ticks/",
            "tickframe load ACTIV ZAL.XE 2016-05-05 --type trades --out - > ticks.arrows",
        ),
        EXIT_CODES,
    ]
)


def load(
    *,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The data source, such as ACTIV.")],
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="SYMBOL", help="One symbol or several, unless --symbols has them.")
    ] = None,
    day: Annotated[
        str, typer.Argument(metavar="DAY[:DAY]", help="A day (2016-05-05), or first:last with both included.")
    ],
    data_type: Annotated[
        TickDataType,
        typer.Option("--type", metavar="TYPE", case_sensitive=False, help=f"One of {', '.join(TickDataType)}."),
    ],
    symbols_file: Annotated[
        typer.FileText | None,
        typer.Option("--symbols", metavar="FILE", encoding="utf-8", help="Symbols, one in a line; - reads stdin."),
    ] = None,
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
        str | None,
        typer.Option(
            metavar="PLACE",
            help="FILE.parquet (exact types), FILE.csv, DIR/ for a dataset whose missing parts alone are asked for, "
            "or - for stdout. Left out, the first and last rows are shown.",
        ),
    ] = None,
    pipe_format: Annotated[
        PipeFormat | None,
        typer.Option(
            "--format", metavar="FORMAT", help="What --out - writes: arrow (a stream, exact types; the default) or csv."
        ),
    ] = None,
    on_error: Annotated[
        OnError,
        typer.Option(
            metavar="WHAT", help="raise ends with the first part that fails, collect goes on and exits with 3."
        ),
    ] = "raise",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what happened to each request as JSON, instead of rows.")
    ] = False,
    url: UrlOption = None,
    user: UserOption = None,
    sandbox: SandboxOption = False,
    debug: DebugOption = False,
) -> None:
    """Load the ticks of symbols and days, whole or not at all.

    Each symbol and day is a part, asked for on its own. Several parts end
    in a table of what became of each, on stderr; --json has it for programs.
    What --out - writes before an error cannot be taken back: heed the exit
    code (set -o pipefail).
    """
    with failures_in_one_line(debug=debug):
        place = destination(out, pipe_format, as_json=as_json)
        asked = [*(symbols or ()), *(line.strip() for line in symbols_file or () if line.strip())]
        if not asked:
            raise typer.BadParameter("there is no symbol: name some before the day, or in a file with --symbols")
        with connect(url, user, sandbox=sandbox, progress=True) as client:
            query = client.tick_data(
                source, asked, _days(day), data_type=data_type, from_time=from_time, to_time=to_time, flags=flags
            )
            _run(query, place, on_error, as_json=as_json)


def _days(day: str) -> str | tuple[str, str]:
    first, colon, last = day.partition(":")
    return (first, last) if colon else day


def _run(query: Query, place: Destination, on_error: OnError, *, as_json: bool) -> None:
    """Ask, and say what became of each part, also of a run that ended early."""
    started = time.monotonic()
    try:
        place.take(query, on_error)
    except BaseException as error:
        # A reader that nobody reads to its end lives as long as its frame, and so does its progress bar.
        traceback.clear_frames(error.__traceback__)
        if as_json:
            print_json(as_records(query.outcomes))
        if isinstance(place, Dataset):
            say(f"what has arrived stays in {place.name}: the same command, run again, asks for the rest")
        raise
    if as_json:
        print_json(as_records(query.outcomes))
    elif len(query.outcomes) > 1:
        print_outcomes(query.outcomes)
    written = f" -> {place.name}" if place.name else ""
    say(summary(query.outcomes, time.monotonic() - started) + written)
    if query.outcomes.failed:
        raise typer.Exit(ExitCode.PARTS_FAILED)
