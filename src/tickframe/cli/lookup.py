"""``tickframe lookup``: sources, exchanges and symbols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from tickframe.cli.connection import SandboxOption, UrlOption, UserOption, connect
from tickframe.cli.console import JsonOption, count, print_json, print_message, print_table
from tickframe.cli.error_reporting import DebugOption, report_errors
from tickframe.cli.help import epilog
from tickframe.query import Query

SourceOption = Annotated[str, typer.Option("--source", help="Data source.")]

# The columns that fit into a terminal.
_EXCHANGE_COLUMNS = ("exchange", "name", "region", "abbreviation", "first_day", "last_day")
_SYMBOL_COLUMNS = ("symbol", "name", "isin", "exchange", "currency")

lookup = typer.Typer(
    name="lookup",
    help="Look up sources, exchanges and symbols.",
    epilog=epilog("tickframe lookup sources", "tickframe lookup symbols --pattern zalando --sandbox"),
    no_args_is_help=True,
)


@lookup.command(epilog=epilog("tickframe lookup sources", "tickframe lookup sources --json | jq -r '.[].source'"))
def sources(
    *,
    url: UrlOption = None,
    user: UserOption = None,
    sandbox: SandboxOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the data sources."""
    with report_errors(debug=debug), connect(url, user, sandbox=sandbox) as client:
        _print(client.lookup_sources(), ("source",), "source", as_json=as_json)


@lookup.command(epilog=epilog("tickframe lookup exchanges", "tickframe lookup exchanges --source ACTIV --json"))
def exchanges(
    *,
    source: SourceOption = "ACTIV",
    url: UrlOption = None,
    user: UserOption = None,
    sandbox: SandboxOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the exchanges of a source; use --json for all columns."""
    with report_errors(debug=debug), connect(url, user, sandbox=sandbox) as client:
        _print(client.lookup_exchanges(source), _EXCHANGE_COLUMNS, "exchange", as_json=as_json)


@lookup.command(
    epilog=epilog(
        "tickframe lookup symbols --pattern zalando",
        "tickframe lookup symbols --json | jq -r '.[].symbol' > symbols.txt",
    )
)
def symbols(
    *,
    source: SourceOption = "ACTIV",
    pattern: Annotated[str | None, typer.Option(help="Text to find in names and codes.")] = None,
    url: UrlOption = None,
    user: UserOption = None,
    sandbox: SandboxOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the symbols of a source; use --json for all columns."""
    with report_errors(debug=debug), connect(url, user, sandbox=sandbox) as client:
        _print(client.lookup_symbols(source, pattern), _SYMBOL_COLUMNS, "symbol", as_json=as_json)


def _print(query: Query, columns: Sequence[str], noun: str, *, as_json: bool) -> None:
    """Print the rows of a lookup, and how many there are."""
    found = query.to_arrow()
    if as_json:
        print_json(found.to_pylist())
    else:
        # Sources differ in their columns.
        shown = [name for name in columns if name in found.column_names]
        print_table(shown, [tuple(row.values()) for row in found.select(shown).to_pylist()])
    print_message(count(found.num_rows, noun))
