"""The ``tickframe`` command and its subcommands."""

from __future__ import annotations

import typer

from tickframe.cli import cache, check, demo, load, lookup, sandbox
from tickframe.cli.help import epilog

app = typer.Typer(
    help="Load tick data from the xyt hub service.\n\nTo try it without an account, run: tickframe demo",
    epilog=epilog(
        "tickframe demo",
        "tickframe load ACTIV ZAL.XE 2016-05-05 --type trades --sandbox",
        "tickframe check",
        exit_codes=True,
    ),
    no_args_is_help=True,
    # Typer's tracebacks show local variables, which can be secrets.
    pretty_exceptions_enable=False,
)
app.command(epilog=demo.EPILOG)(demo.demo)
app.command(epilog=load.EPILOG)(load.load)
app.add_typer(lookup.lookup)
app.add_typer(cache.cache)
app.command(epilog=check.EPILOG)(check.check)
app.command(epilog=sandbox.EPILOG)(sandbox.sandbox)
