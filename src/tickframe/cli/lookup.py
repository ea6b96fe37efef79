"""``tickframe lookup``: which sources, exchanges and symbols there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from tickframe.cli.connection import SandboxOption, UrlOption, UserOption, connect
from tickframe.cli.console import JsonOption, print_json, print_table, say
from tickframe.cli.error_reporting import DebugOption, failures_in_one_line
from tickframe.cli.exit_codes import examples
from tickframe.query import Query

SourceOption = Annotated[str, typer.Option("--source", help="The data source.")]

# What fits into a terminal; JSON has every column.
_EXCHANGE_COLUMNS = ("exchange", "name", "region", "abbreviation", "first_day", "last_day")
_SYMBOL_COLUMNS = ("symbol", "name", "isin", "exchange", "currency")

_SOURCES_EPILOG = examples("tickframe lookup sources", "tickframe lookup sources --json | jq -r '.[].source'")
_EXCHANGES_EPILOG = examples("tickframe lookup exchanges", "tickframe lookup exchanges --source ACTIV --json")
_SYMBOLS_EPILOG = examples(
    "tickframe lookup symbols --pattern zalando",
    "tickframe lookup symbols --json | jq -r '.[].symbol' > symbols.txt",
)
EPILOG = examples("tickframe lookup sources", "tickframe lookup symbols --pattern zalando --sandbox")

lookup = typer.Typer(help="Look up sources, exchanges and symbols.", no_args_is_help=True)


@lookup.command(epilog=_SOURCES_EPILOG)
def sources(
    *,
    url: UrlOption = None,
    user: UserOption = None,
    sandbox: SandboxOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the data sources."""
    with failures_in_one_line(debug=debug), connect(url, user, sandbox=sandbox) as client:
        _show(client.lookup_sources(), ("source",), "source", as_json=as_json)


@lookup.command(epilog=_EXCHANGES_EPILOG)
def exchanges(
    *,
    source: SourceOption = "ACTIV",
    url: UrlOption = None,
    user: UserOption = None,
    sandbox: SandboxOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the exchanges of a source; JSON has every column."""
    with failures_in_one_line(debug=debug), connect(url, user, sandbox=sandbox) as client:
        _show(client.lookup_exchanges(source), _EXCHANGE_COLUMNS, "exchange", as_json=as_json)


@lookup.command(epilog=_SYMBOLS_EPILOG)
def symbols(
    *,
    source: SourceOption = "ACTIV",
    pattern: Annotated[str | None, typer.Option(help="What to look for in names and codes.")] = None,
    url: UrlOption = None,
    user: UserOption = None,
    sandbox: SandboxOption = False,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """List the symbols of a source, all pages; JSON has every column."""
    with failures_in_one_line(debug=debug), connect(url, user, sandbox=sandbox) as client:
        _show(client.lookup_symbols(source, pattern), _SYMBOL_COLUMNS, "symbol", as_json=as_json)


def _show(query: Query, columns: Sequence[str], noun: str, *, as_json: bool) -> None:
    """Print what a lookup finds, and say how much that is."""
    found = query.to_arrow()
    if as_json:
        print_json(found.to_pylist())
    else:
        rows = found.select(list(columns)).to_pylist()
        print_table(columns, [tuple(row.values()) for row in rows])
    say(f"{found.num_rows:,} {noun}{'' if found.num_rows == 1 else 's'}")
