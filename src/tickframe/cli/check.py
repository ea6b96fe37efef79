"""``tickframe check``: a connection test, how the service wants to be asked, and a report for the maintainers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from tickframe.cli.connection import SandboxOption, UrlOption, UserOption, connect
from tickframe.cli.console import JsonOption, print_json, print_message, print_table
from tickframe.cli.error_reporting import DebugOption, report_errors
from tickframe.cli.exit_codes import ExitCode
from tickframe.cli.help import epilog
from tickframe.first_contact.discovery import DEFAULT_DAY, DEFAULT_SOURCE, DEFAULT_SYMBOL, Discovery, Trial, discover
from tickframe.first_contact.report import versions, write_report
from tickframe.local_files import replaced_file
from tickframe.plan.arguments import parse_day
from tickframe.printable import printable
from tickframe.settings import DEFAULT_URL, FILE_SETTINGS, Settings, is_loopback, resolve_settings
from tickframe.settings_file import read_settings_file, settings_path, to_toml, write_settings_file

EPILOG = epilog(
    "tickframe check",
    "tickframe check --sandbox",
    "tickframe check --json | jq .versions",
    "tickframe check --discover",
    "tickframe check --report report.json",
)

_PANEL = "First contact with a service"
# Seconds between requests to a service that others use too.
_PAUSE = 1.0
_DEFAULT_DAY = DEFAULT_DAY.isoformat()

_Discover = Annotated[
    bool,
    typer.Option(
        "--discover",
        help="Find out how the service wants to be asked, with at most 40 small requests, one a second, and write it "
        "to the settings file.",
        rich_help_panel=_PANEL,
    ),
]
_Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="Write what --discover finds to this file. Defaults to the settings file; with --sandbox, to none.",
        rich_help_panel=_PANEL,
    ),
]
_NoWrite = Annotated[bool, typer.Option("--no-write", help="Only show what --discover finds.", rich_help_panel=_PANEL)]
_Report = Annotated[
    Path | None,
    typer.Option(
        "--report", help="Write what the service answers to this file, without secrets.", rich_help_panel=_PANEL
    ),
]
_Capture = Annotated[
    bool,
    typer.Option("--capture", help="Add a minute of trades to the report, as received.", rich_help_panel=_PANEL),
]
_Source = Annotated[
    str, typer.Option("--source", help=f"Source to ask for. Defaults to {DEFAULT_SOURCE}.", rich_help_panel=_PANEL)
]
_Symbol = Annotated[str, typer.Option("--symbol", help="Symbol to ask for.", rich_help_panel=_PANEL)]
_Day = Annotated[str, typer.Option("--day", help="Day to ask for.", rich_help_panel=_PANEL)]


def check(
    *,
    url: UrlOption = None,
    user: UserOption = None,
    sandbox: SandboxOption = False,
    find_settings: _Discover = False,
    out: _Out = None,
    no_write: _NoWrite = False,
    report: _Report = None,
    capture: _Capture = False,
    source: _Source = "",
    symbol: _Symbol = DEFAULT_SYMBOL,
    day: _Day = _DEFAULT_DAY,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Test the connection and the account with one request.

    With --discover or --report: find out how the service wants to be asked, or report what it answers.
    """
    found: Discovery | None = None
    with report_errors(debug=debug):
        if not find_settings and report is None:
            if out is not None or no_write or capture:
                raise typer.BadParameter("--out and --no-write need --discover, and --capture needs --report")
            _check_connection(url, user, sandbox=sandbox, as_json=as_json)
            return
        asked_day = parse_day(day)
        with _settings(url, user, sandbox=sandbox) as settings:
            pause = 0.0 if is_loopback(urlsplit(settings.base_url).hostname or "") else _PAUSE
            found = Discovery(settings)
            if find_settings:
                tell = _ignore if as_json else _print_trial
                found = discover(settings, source=source, symbol=symbol, day=asked_day, pause=pause, tell=tell)
                path = None if no_write else out or (None if sandbox else settings_path())
                _show(found, path, as_json=as_json)
            if report is not None:
                written = write_report(
                    found.settings,
                    source=source or DEFAULT_SOURCE,
                    symbol=symbol,
                    day=asked_day,
                    capture=capture,
                    pause=pause,
                )
                with replaced_file(report) as file:
                    file.write(written.encode())
                print_message(f"report: {report}")
    if found is not None and found.unanswered:
        raise typer.Exit(ExitCode.FAILURE)


def _check_connection(url: str | None, user: str | None, *, sandbox: bool, as_json: bool) -> None:
    with connect(url, user, sandbox=sandbox) as client:
        started = time.monotonic()
        account = client.check()
        seconds = round(time.monotonic() - started, 3)
        address = client.settings.base_url
        if as_json:
            print_json({"url": address, "account": account, "seconds": seconds, "versions": versions()})
        else:
            accounts = {f"account: {name}": value for name, value in account.items()}
            shown = {"url": address, **accounts, "seconds": seconds, **versions()}
            print_table(["name", "value"], [(name, str(value)) for name, value in shown.items()])


@contextmanager
def _settings(url: str | None, user: str | None, *, sandbox: bool) -> Iterator[Settings]:
    """Return the settings to begin with; the settings file need not exist."""
    if sandbox:
        with connect(url, user, sandbox=True) as client:
            yield client.settings
    else:
        yield resolve_settings(base_url=url, user=user, read_file=settings_path().exists())


def _ignore(_trial: Trial) -> None:
    """Print nothing."""


def _print_trial(trial: Trial) -> None:
    worked = "works" if trial.worked else "no"
    typer.echo(f"{trial.subject:18} {worked:6} {printable(trial.tried)}: {printable(trial.answer)}")


def _show(found: Discovery, path: Path | None, *, as_json: bool) -> None:
    """Show what was found, and write it to a settings file."""
    previous = read_settings_file(FILE_SETTINGS, path) if path is not None and path.exists() else {}
    if str(previous.get("base_url", DEFAULT_URL)).rstrip("/") != found.settings.base_url:
        # What it says is about another service.
        previous = {}
    settings = found.in_file(previous)
    if as_json:
        trials = [
            {
                "subject": trial.subject,
                "tried": trial.tried,
                "worked": trial.worked,
                "answer": trial.answer,
                "seconds": trial.seconds,
            }
            for trial in found.trials
        ]
        print_json({"settings": settings, "unanswered": found.unanswered, "stopped": found.stopped, "trials": trials})
    else:
        typer.echo()
        for line in to_toml(settings).splitlines():
            typer.echo(printable(line))
    if found.stopped:
        print_message(f"stopped: {found.stopped}")
    if found is not None and found.unanswered:
        print_message(f"nothing worked for {', '.join(found.unanswered)}")
    if path is None or not any(trial.worked for trial in found.trials):
        return
    kept = write_settings_file(path, settings)
    print_message(f"settings: {path}{f' (the file before: {kept})' if kept else ''}")
