"""``tickframe cache``: what the cache holds, whether it is sound, and how to clear it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from tickframe.cache import Cache, open_cache
from tickframe.cli.console import JsonOption, print_json, print_table, say
from tickframe.cli.error_reporting import DebugOption, failures_in_one_line
from tickframe.cli.exit_codes import ExitCode, examples

PlaceOption = Annotated[
    str | None,
    typer.Option("--place", help="A folder or a URI; left out, TICKFRAME_CACHE, else your user's cache folder."),
]

_INFO_EPILOG = examples("tickframe cache info", "tickframe cache info --place s3://bucket/ticks --json")
_VERIFY_EPILOG = examples("tickframe cache verify", "tickframe cache verify --place ticks-cache")
_CLEAR_EPILOG = examples(
    "tickframe cache clear --symbol ZAL.XE --from 2016-05-02 --to 2016-05-06",
    "tickframe cache clear --function tick_data",
    "tickframe cache clear --all",
)
EPILOG = examples("tickframe cache info", "tickframe cache verify", "tickframe cache clear --symbol ZAL.XE")

cache = typer.Typer(help="Look into the cache, check it, clear it.", no_args_is_help=True)


@cache.command(epilog=_INFO_EPILOG)
def info(*, place: PlaceOption = None, as_json: JsonOption = False, debug: DebugOption = False) -> None:
    """Say how much the cache holds."""
    with failures_in_one_line(debug=debug):
        held = _cache(place).info()
        if as_json:
            print_json(asdict(held))
            return
        functions = {f"answers of {name}": f"{count:,}" for name, count in sorted(held.functions.items())}
        rows = {
            "place": held.place,
            "answers": f"{held.entries:,}",
            "megabytes": f"{held.bytes / 1e6:,.1f}",
            **functions,
        }
        print_table(["what", "value"], list(rows.items()))


@cache.command(epilog=_VERIFY_EPILOG)
def verify(*, place: PlaceOption = None, as_json: JsonOption = False, debug: DebugOption = False) -> None:
    """Read every answer whole, and drop those that are not what was written; exit with 1 if there were any."""
    with failures_in_one_line(debug=debug):
        found = _cache(place).verify()
        if as_json:
            print_json(asdict(found))
        else:
            for dropped in found.dropped:
                typer.echo(f"dropped {dropped}")
            say(f"{found.entries:,} sound, {len(found.dropped):,} dropped")
        if found.dropped:
            raise typer.Exit(ExitCode.FAILED)


@cache.command(epilog=_CLEAR_EPILOG)
def clear(
    *,
    source: Annotated[str | None, typer.Option(help="Only answers of this source.")] = None,
    function: Annotated[str | None, typer.Option(help="Only answers of this function, such as tick_data.")] = None,
    symbol: Annotated[str | None, typer.Option(help="Only answers of this symbol alone.")] = None,
    first_day: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="Only days from this one, included.")
    ] = None,
    last_day: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Only days up to this one, included.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All answers; needed where nothing else is named.")] = False,
    place: PlaceOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Drop answers; what is asked for again is fetched again."""
    with failures_in_one_line(debug=debug):
        named = (source, function, symbol, first_day, last_day) != (None,) * 5
        if named == everything:
            raise typer.BadParameter("say what to drop, such as --symbol ZAL.XE, or --all and nothing else")
        dropped = _cache(place).clear(
            source=source, function=function, symbol=symbol, first_day=first_day, last_day=last_day
        )
        if as_json:
            print_json({"dropped": dropped})
        else:
            say(f"{dropped:,} dropped")


def _cache(place: str | None) -> Cache:
    """Return the cache that a client of the same settings uses, or would if it used one."""
    return open_cache(place) or Cache()
