"""``tickframe load``: ticks to the terminal, a file, a dataset or stdout."""

from __future__ import annotations

import time
import traceback
from typing import Annotated

import typer

from tickframe.catalogue import TickDataFlag, TickDataType
from tickframe.cli.connection import SandboxOption, UrlOption, UserOption, connect
from tickframe.cli.console import print_json, print_message
from tickframe.cli.error_reporting import DebugOption, report_errors
from tickframe.cli.exit_codes import ExitCode
from tickframe.cli.help import epilog
from tickframe.cli.outcomes import as_records, print_outcomes, summary
from tickframe.cli.output import Dataset, Output, output
from tickframe.cli.writers import StreamFormat
from tickframe.query import Query
from tickframe.run.fetch import OnError

EPILOG = epilog(
    "tickframe load ACTIV ZAL.XE 2016-05-05 --type trades --sandbox",
    "tickframe load ACTIV ZAL.XE ADS.XE 2016-05-05 --type quotes --on-error collect",
    "tickframe load ACTIV ZAL.XE 2016-05-02:2016-05-06 --type quotes --out q.csv",
    "tickframe load ACTIV 2016-05-05 --symbols dax.txt --type trades --out ticks/",
    "tickframe load ACTIV ZAL.XE 2016-05-05 --type trades --out - > ticks.arrows",
    exit_codes=True,
)


def load(
    *,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Data source, such as ACTIV.")],
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="SYMBOL", help="One or more symbols; optional with --symbols.")
    ] = None,
    day: Annotated[
        str,
        typer.Argument(metavar="DAY[:DAY]", help="Day, such as 2016-05-05, or first and last day, both inclusive."),
    ],
    data_type: Annotated[
        TickDataType,
        typer.Option("--type", metavar="TYPE", case_sensitive=False, help=f"One of {', '.join(TickDataType)}."),
    ],
    symbols_file: Annotated[
        typer.FileText | None,
        typer.Option(
            "--symbols", metavar="FILE", encoding="utf-8", help="Read symbols from FILE, one per line; - for stdin."
        ),
    ] = None,
    from_time: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Start time of day, inclusive, such as 09:00:00.000.")
    ] = None,
    to_time: Annotated[str | None, typer.Option("--to", metavar="TIME", help="End time of day, inclusive.")] = None,
    flags: Annotated[
        list[str] | None,
        typer.Option(
            "--flag",
            metavar="FLAG",
            autocompletion=lambda: list(TickDataFlag),
            help=f"One of {', '.join(TickDataFlag)}, or another that the service knows. Can be repeated.",
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Write to FILE.parquet, FILE.csv, a Parquet dataset DIR/ (loads only missing parts), or - for stdout. "
            "By default, the first and last rows are shown.",
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace an existing FILE; in DIR/, load the parts that it has again."),
    ] = False,
    stream_format: Annotated[
        StreamFormat | None,
        typer.Option(
            "--format", metavar="FORMAT", help="Format of --out -: arrow (IPC stream, exact types; default) or csv."
        ),
    ] = None,
    on_error: Annotated[
        OnError,
        typer.Option(
            metavar="ACTION", help="raise stops at the first part that fails; collect continues and exits with 3."
        ),
    ] = "raise",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the outcome of each request as JSON, instead of rows.")
    ] = False,
    url: UrlOption = None,
    user: UserOption = None,
    sandbox: SandboxOption = False,
    debug: DebugOption = False,
) -> None:
    """Load ticks of one or more symbols and days.

    Each symbol and day is a separate request, called a part. If there are
    several, a table of their outcomes is printed to stderr.

    Files are written completely or not at all. Rows that --out - has written
    before an error cannot be taken back: check the exit code (in a shell, with
    set -o pipefail).
    """
    with report_errors(debug=debug):
        target = output(out, stream_format, as_json=as_json, force=force)
        names = [*(symbols or ()), *(line.strip() for line in symbols_file or () if line.strip())]
        if not names:
            raise typer.BadParameter("no symbols given: name them before the day, or use --symbols FILE")
        first, colon, last = day.partition(":")
        days = (first, last) if colon else day
        with connect(url, user, sandbox=sandbox, progress=True) as client:
            query = client.tick_data(
                source, names, days, data_type=data_type, from_time=from_time, to_time=to_time, flags=flags
            )
            _run(query, target, on_error, as_json=as_json)


def _run(query: Query, target: Output, on_error: OnError, *, as_json: bool) -> None:
    """Load, and print the outcomes, also of a run that an error ended."""
    started = time.monotonic()
    try:
        target.load(query, on_error)
    except BaseException as error:
        # The frames keep an unfinished reader alive, and with it the progress bar.
        traceback.clear_frames(error.__traceback__)
        if isinstance(target, Dataset) and query.outcomes:
            print_message(f"completed parts are kept in {target.name}: run the same command again to load the rest")
        raise
    finally:
        if as_json:
            print_json(as_records(query.outcomes))
    if not as_json and len(query.outcomes) > 1:
        print_outcomes(query.outcomes)
    written = f" -> {target.name}" if target.name else ""
    print_message(summary(query.outcomes, time.monotonic() - started) + written)
    if query.outcomes.failed:
        raise typer.Exit(ExitCode.PARTS_FAILED)
