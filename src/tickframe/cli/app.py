"""The command ``tickframe`` and its subcommands."""

from __future__ import annotations

import typer

from tickframe.cli.check import check
from tickframe.cli.demo import demo
from tickframe.cli.load import load
from tickframe.cli.lookup import lookup
from tickframe.cli.sandbox import sandbox

__all__ = ["app"]

app = typer.Typer(
    help="Load tick data from the xyt hub service. Try it without an account: tickframe demo.",
    no_args_is_help=True,
    add_completion=False,
    # Its tracebacks show local variables, and some of those are secrets.
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(load)
app.add_typer(lookup, name="lookup")
app.command()(check)
app.command()(sandbox)
