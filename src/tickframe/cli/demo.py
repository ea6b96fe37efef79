"""``tickframe demo``: simulated ticks as a DataFrame, a dataset and a picture."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from tickframe.catalogue import TickDataFlag, TickDataType
from tickframe.cli.console import JsonOption, print_json, print_message
from tickframe.cli.error_reporting import DebugOption, report_errors
from tickframe.cli.help import epilog
from tickframe.cli.outcomes import summary
from tickframe.cli.preview import print_head
from tickframe.client import Client
from tickframe.extras import needs_extra
from tickframe.local_files import replaced_file

EPILOG = epilog("tickframe demo", "tickframe demo --out somewhere/ --json")

_SOURCE = "ACTIV"
_SYMBOLS = ("ZAL.XE", "ADS.XE", "SAP.XE")
_DAYS = ("2016-05-03", "2016-05-05")
# Cancelled and uncorrected trades would show as outliers.
_TRADE_FLAGS = (TickDataFlag.APPLY_TRADE_CORRECTIONS, TickDataFlag.EXCLUDE_CANCELLED_TRADES)
_PICTURE_SYMBOL = "ZAL.XE"
_PICTURE_DAY = "2016-05-04"
# 1,600 pixels wide: sharp on a high-density screen.
_DOTS_PER_INCH = 200


def demo(
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", file_okay=False, help="Directory for the datasets, the picture and a cache.")
    ] = Path("demo-output"),
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Load, store and plot ticks of a simulated market.

    Takes a few seconds and needs no account.
    """
    with report_errors(debug=debug):
        with needs_extra("plot", "tickframe demo"):
            from tickframe.accessor.plot import draw  # noqa: PLC0415
        out.mkdir(parents=True, exist_ok=True)
        with Client.sandbox(progress=True, cache=out / "cache") as client:
            print_message(f"simulated service running at {client.settings.base_url}")
            trades = _load(client, TickDataType.TRADES, out, _TRADE_FLAGS)
            quotes = _load(client, TickDataType.QUOTES, out)
            [instrument] = client.lookup_symbols(_SOURCE, _PICTURE_SYMBOL).to_arrow().to_pylist()
        picture = out / f"{_PICTURE_SYMBOL}-{_PICTURE_DAY}.png"
        title = f"{instrument['name']} ({_PICTURE_SYMBOL}), {_PICTURE_DAY}, simulated"
        figure = draw(_in_picture(trades), _in_picture(quotes), title=title, currency=instrument["currency"])
        with replaced_file(picture) as file:
            figure.savefig(file, format="png", dpi=_DOTS_PER_INCH)
        datasets = [str(_dataset(out, data_type)) for data_type in (TickDataType.TRADES, TickDataType.QUOTES)]
        if as_json:
            print_json({"datasets": datasets, "picture": str(picture)})
            return
        print_head(trades)
        for dataset in datasets:
            typer.echo(f"dataset: {dataset}")
        typer.echo(f"picture: {picture}")


def _load(
    client: Client, data_type: TickDataType, out: Path, flags: Sequence[TickDataFlag] | None = None
) -> pd.DataFrame:
    """Load ticks into a DataFrame, twice to show the cache, and write them to a dataset."""
    query = client.tick_data(_SOURCE, _SYMBOLS, _DAYS, data_type=data_type, flags=flags)
    name = data_type.lower()
    for loaded in (f"loaded {name}", f"loaded {name} again"):
        client.cache.flush()
        started = time.monotonic()
        frame = query.to_pandas()
        print_message(f"{loaded}: {summary(query.outcomes, time.monotonic() - started)}")
    files = query.to_parquet(_dataset(out, data_type))
    print_message(f"wrote {name}: {len(files)} files")
    return frame


def _dataset(out: Path, data_type: TickDataType) -> Path:
    return out / data_type.lower()


def _in_picture(ticks: pd.DataFrame) -> pd.DataFrame:
    return ticks[ticks["symbol"] == _PICTURE_SYMBOL].loc[_PICTURE_DAY:_PICTURE_DAY]
