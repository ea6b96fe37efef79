"""The command ``tickframe`` and its subcommands."""

from __future__ import annotations

import typer

from tickframe.cli import cache, check, demo, load, lookup, sandbox
from tickframe.cli.exit_codes import EXIT_CODES, examples

app = typer.Typer(
    help="Load tick data from the xyt hub service. Try it without an account: tickframe demo.",
    epilog="\n\n".join(
        [
            examples(
                "tickframe demo",
                "tickframe load ACTIV ZAL.XE 2016-05-05 --type TRADES --sandbox",
                "tickframe check",
            ),
            EXIT_CODES,
        ]
    ),
    no_args_is_help=True,
    # Its tracebacks show local variables, and some of those are secrets.
    pretty_exceptions_enable=False,
)
app.command(epilog=demo.EPILOG)(demo.demo)
app.command(epilog=load.EPILOG)(load.load)
app.add_typer(lookup.lookup, name="lookup", epilog=lookup.EPILOG)
app.add_typer(cache.cache, name="cache", epilog=cache.EPILOG)
app.command(epilog=check.EPILOG)(check.check)
app.command(epilog=sandbox.EPILOG)(sandbox.sandbox)
