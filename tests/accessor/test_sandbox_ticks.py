"""The accessor over what the sandbox answers, beside what the sandbox computes of the same ticks by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import tickframe as tf
from tests.accessor import reference
from tests.accessor.frames import BACKENDS

SYMBOLS, DAYS = ["ZAL.XE", "ADS.XE"], ("2016-05-04", "2016-05-05")
# What both have; the service adds the last trade's conditions, and bars the average.
BARS = ["symbol", "open", "high", "low", "close", "trade_count", "volume"]

backends = pytest.mark.parametrize("dtype_backend", BACKENDS)


@pytest.fixture(scope="module")
def ask(client):
    """Ask for ticks of the symbols and days, in any form."""

    def load(data_type, **conversion):
        return client.tick_data("ACTIV", SYMBOLS, DAYS, data_type=data_type).to_pandas(**conversion)

    return load


def in_one_order(bars):
    """Return bars day by day and symbol by symbol, within the times at which both sides have bars."""
    return bars.astype({"symbol": "str"}).rename_axis("timestamp").sort_values(["symbol", "timestamp"])[BARS]


def between_first_and_last(answer):
    """Leave out the bins before a day's first and behind its last trade, which only the service has."""
    with_trades = answer[answer["trade_count"] > 0]
    # A bin's end may be midnight.
    last_moment = pd.Timedelta(1, "ns")
    pieces = []
    for (symbol, _), bars in with_trades.groupby(["symbol", (with_trades.index - last_moment).date], observed=True):
        of_symbol = answer[answer["symbol"] == symbol]
        pieces.append(of_symbol[(of_symbol.index >= bars.index[0]) & (of_symbol.index <= bars.index[-1])])
    return pd.concat(pieces)


@backends
@pytest.mark.parametrize("tz", [None, "Europe/Berlin"])
@pytest.mark.parametrize("seconds", [60, 420, 86_400])
def test_time_bars_are_those_of_the_service(client, ask, dtype_backend, tz, seconds):
    """Labels, borders, prices, counts and volumes are those of tick_aggregated, bin by bin."""
    conversion = {"dtype_backend": dtype_backend, "tz": tz}
    answer = client.tick_aggregated("ACTIV", SYMBOLS, DAYS, data_type="TRADES", bin_size=seconds)
    expected = between_first_and_last(answer.to_pandas(**conversion))
    bars = ask("TRADES", **conversion).ticks.bars(f"{seconds}s")
    assert len(bars) >= 4
    pd.testing.assert_frame_equal(in_one_order(bars), in_one_order(expected))


@backends
@pytest.mark.parametrize("tz", [None, "Europe/Berlin"])
def test_joined_quotes_are_those_of_the_service(ask, dtype_backend, tz):
    """Trades joined with quotes are what TRADES_AND_QUOTES answers, dtypes and all."""
    conversion = {"dtype_backend": dtype_backend, "tz": tz}
    joined = ask("TRADES", **conversion).ticks.join_quotes(ask("QUOTES", **conversion))
    pd.testing.assert_frame_equal(joined, ask("TRADES_AND_QUOTES", **conversion))


@backends
def test_the_rest_on_ticks_of_many_symbols(ask, dtype_backend):
    """Averages, thresholds, spreads and middles are those of the reference."""
    ticks = ask("TRADES_AND_QUOTES", dtype_backend=dtype_backend).iloc[::20]
    expected = reference.vwap(ticks)
    assert list(ticks.ticks.vwap().index) == SYMBOLS
    assert all(ticks.ticks.vwap()[symbol] == pytest.approx(float(expected[symbol]), rel=1e-12) for symbol in SYMBOLS)
    bars = ticks.ticks.bars(volume=5_000)
    expected_bars = reference.threshold_bars(ticks, 5_000, lambda trade: trade["trade_size"])
    assert bars["volume"].tolist() == [bar["volume"] for bar in expected_bars]
    spread, mid = ticks.ticks.spread(), ticks.ticks.mid()
    assert (spread.dropna() > 0).all()
    assert ((mid > ticks["bid"]) & (mid < ticks["ask"]))[mid.notna()].all()


@pytest.fixture(scope="module")
def real_client(real_ticks: Path) -> Iterator[tf.Client]:
    with tf.Client.sandbox(str(real_ticks)) as client:
        yield client


def test_bars_of_real_trades(real_client):
    """Two symbols on two days: minutes as the service has them, and all shares in bars of volume and turnover."""
    asked = ("LOCAL", ["IBM.N", "BAC.N"], ("2013-10-07", "2013-10-08"))
    trades = real_client.tick_data(*asked, data_type="TRADES").to_pandas()
    expected = between_first_and_last(real_client.tick_aggregated(*asked, data_type="TRADES").to_pandas())
    pd.testing.assert_frame_equal(in_one_order(trades.ticks.bars("1min")), in_one_order(expected))
    assert len(expected) > 1_500
    for bars in (trades.ticks.bars(volume=100_000), trades.ticks.bars(dollar=10_000_000)):
        assert bars["volume"].sum() == trades["trade_size"].sum()
        assert len(bars) > 100


def test_quotes_at_real_trades(real_client):
    """Many quotes share a timestamp, and the frame is what the service joins itself; so is its picture drawn."""
    trades, quotes, both = (
        real_client.tick_data("LOCAL", "IBM.N", ("2013-10-07", "2013-10-08"), data_type=kind).to_pandas()
        for kind in ("TRADES", "QUOTES", "TRADES_AND_QUOTES")
    )
    assert quotes.index.duplicated().sum() > 1_000
    joined = trades.ticks.join_quotes(quotes)
    pd.testing.assert_frame_equal(joined, both)
    assert joined.ticks.plot(currency="USD")._repr_png_().startswith(b"\x89PNG")
