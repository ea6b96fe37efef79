"""``tickframe demo``: ticks from a local service to a DataFrame, a dataset and a picture."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from tickframe.catalogue import TickDataFlag, TickDataType
from tickframe.cli.console import JsonOption, print_json, say
from tickframe.cli.error_reporting import DebugOption, failures_in_one_line
from tickframe.cli.exit_codes import examples
from tickframe.cli.outcomes import summary
from tickframe.cli.preview import print_first
from tickframe.client import Client
from tickframe.extras import needs_extra

EPILOG = examples("tickframe demo", "tickframe demo --out somewhere/ --json")

_SOURCE = "ACTIV"
_SYMBOLS = ("ZAL.XE", "ADS.XE", "SAP.XE")
_DAYS = ("2016-05-03", "2016-05-05")
# Without these a chart shows prices that nobody got.
_TRADE_FLAGS = (TickDataFlag.APPLY_TRADE_CORRECTIONS, TickDataFlag.EXCLUDE_CANCELLED_TRADES)
_PICTURED_SYMBOL = "ZAL.XE"
_PICTURED_DAY = "2016-05-04"
# 1,600 pixels wide: sharp on a high-density screen.
_DOTS_PER_INCH = 200


def demo(
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", file_okay=False, help="Where the dataset and the picture go.")
    ] = Path("demo-output"),
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Load ticks from a simulated service on this machine, show, store and draw them: a few seconds, no account."""
    with failures_in_one_line(debug=debug):
        with needs_extra("plot", "tickframe demo"):
            from tickframe.accessor.plot import draw  # noqa: PLC0415
        out.mkdir(parents=True, exist_ok=True)
        with Client.sandbox(progress=True, cache=out / "cache") as client:
            say(f"a simulated market answers at {client.settings.base_url}")
            trades = _load(client, TickDataType.TRADES, out, flags=_TRADE_FLAGS)
            quotes = _load(client, TickDataType.QUOTES, out)
            title, currency = _title_and_currency(client)
        picture = out / f"{_PICTURED_SYMBOL}-{_PICTURED_DAY}.png"
        figure = draw(_pictured(trades), _pictured(quotes), title=title, currency=currency)
        figure.savefig(picture, dpi=_DOTS_PER_INCH)
        datasets = [str(_dataset(out, data_type)) for data_type in (TickDataType.TRADES, TickDataType.QUOTES)]
        if as_json:
            print_json({"datasets": datasets, "picture": str(picture)})
            return
        print_first(trades)
        for dataset in datasets:
            typer.echo(f"dataset: {dataset}")
        typer.echo(f"picture: {picture}")


def _load(
    client: Client, data_type: TickDataType, out: Path, flags: Sequence[TickDataFlag] | None = None
) -> pd.DataFrame:
    """Load ticks into a DataFrame, twice, and the same ticks into a dataset."""
    query = client.tick_data(_SOURCE, _SYMBOLS, _DAYS, data_type=data_type, flags=flags)
    for load in ("loaded", "loaded again"):
        client.cache.flush()
        started = time.monotonic()
        frame = query.to_pandas()
        say(f"{data_type.lower()}: {load}: {summary(query.outcomes, time.monotonic() - started)}")
    files = query.to_parquet(_dataset(out, data_type))
    say(f"{data_type.lower()}: written into {len(files)} files")
    return frame


def _dataset(out: Path, data_type: TickDataType) -> Path:
    return out / data_type.lower()


def _title_and_currency(client: Client) -> tuple[str, str]:
    [instrument] = client.lookup_symbols(_SOURCE, _PICTURED_SYMBOL).to_arrow().to_pylist()
    return f"{instrument['name']} ({_PICTURED_SYMBOL}), {_PICTURED_DAY}, simulated", instrument["currency"]


def _pictured(ticks: pd.DataFrame) -> pd.DataFrame:
    return ticks[ticks["symbol"] == _PICTURED_SYMBOL].loc[_PICTURED_DAY:_PICTURED_DAY]
