"""``tickframe cache``: size, verification and removal of cached responses."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from tickframe.cache import Cache, open_cache
from tickframe.cli.console import JsonOption, print_json, print_message, print_table
from tickframe.cli.error_reporting import DebugOption, report_errors
from tickframe.cli.exit_codes import ExitCode
from tickframe.cli.help import epilog
from tickframe.printable import printable

PlaceOption = Annotated[
    str | None,
    typer.Option(
        "--place",
        metavar="DIR|URI",
        help="Location of the cache. Defaults to TICKFRAME_CACHE, else your user cache directory.",
    ),
]

cache = typer.Typer(
    name="cache",
    help="Show, verify and clear the cache.",
    epilog=epilog("tickframe cache info", "tickframe cache verify", "tickframe cache clear --symbol ZAL.XE"),
    no_args_is_help=True,
)


@cache.command(epilog=epilog("tickframe cache info", "tickframe cache info --place s3://bucket/ticks --json"))
def info(*, place: PlaceOption = None, as_json: JsonOption = False, debug: DebugOption = False) -> None:
    """Show the location and the size of the cache."""
    with report_errors(debug=debug):
        found = _cache(place).info()
        if as_json:
            print_json(asdict(found))
            return
        rows = [
            ("location", found.place),
            ("entries", f"{found.entries:,}"),
            ("size (MB)", f"{found.bytes / 1e6:,.1f}"),
            *((f"{name} entries", f"{number:,}") for name, number in sorted(found.functions.items())),
        ]
        print_table(["name", "value"], rows)


@cache.command(epilog=epilog("tickframe cache verify", "tickframe cache verify --place ticks-cache"))
def verify(*, place: PlaceOption = None, as_json: JsonOption = False, debug: DebugOption = False) -> None:
    """Read every cache entry and remove those that are damaged.

    Exits with 1 if any were removed.
    """
    with report_errors(debug=debug):
        found = _cache(place).verify()
        if as_json:
            print_json(asdict(found))
        else:
            for entry in found.dropped:
                typer.echo(f"removed {printable(entry)}")
            print_message(f"entries: {found.entries:,} valid, {len(found.dropped):,} removed")
        if found.dropped:
            raise typer.Exit(ExitCode.FAILURE)


@cache.command(
    epilog=epilog(
        "tickframe cache clear --symbol ZAL.XE --from 2016-05-02 --to 2016-05-06",
        "tickframe cache clear --function tick_data",
        "tickframe cache clear --all",
    )
)
def clear(
    *,
    source: Annotated[str | None, typer.Option(help="Only entries of this source.")] = None,
    function: Annotated[str | None, typer.Option(help="Only entries of this function, such as tick_data.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Only entries of this symbol and no other.")] = None,
    first_day: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day, inclusive.")] = None,
    last_day: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day, inclusive.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All entries.")] = False,
    place: PlaceOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Remove entries from the cache.

    Give --all, or options that select the entries to remove.
    """
    with report_errors(debug=debug):
        filters = {
            "source": source,
            "function": function,
            "symbol": symbol,
            "first_day": first_day,
            "last_day": last_day,
        }
        if everything == any(value is not None for value in filters.values()):
            raise typer.BadParameter("give either --all, or options that select entries, such as --symbol ZAL.XE")
        removed = _cache(place).clear(**filters)
        if as_json:
            print_json({"dropped": removed})
        else:
            print_message(f"entries removed: {removed:,}")


def _cache(place: str | None) -> Cache:
    """Return the cache that a client with the same settings uses, or would use if caching were on."""
    return open_cache(place) or Cache()
