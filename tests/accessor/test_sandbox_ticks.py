"""The accessor on ticks of the sandbox, compared with what the sandbox computes from the same ticks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import tickframe as tf
from tests.accessor import reference
from tests.accessor.frames import BACKENDS

SYMBOLS, DAYS = ["ZAL.XE", "ADS.XE"], ("2016-05-04", "2016-05-05")
# Common columns: the service also returns trade conditions, and bars() an average.
BARS = ["symbol", "open", "high", "low", "close", "trade_count", "volume"]

backends = pytest.mark.parametrize("dtype_backend", BACKENDS)


@pytest.fixture(scope="module")
def load(client):
    """Load ticks of the symbols and days, with any conversion."""

    def load_ticks(data_type, **conversion):
        return client.tick_data("ACTIV", SYMBOLS, DAYS, data_type=data_type).to_pandas(**conversion)

    return load_ticks


def comparable(bars):
    """Return the common columns of bars, sorted by symbol and time."""
    return bars.astype({"symbol": "str"}).rename_axis("timestamp").sort_values(["symbol", "timestamp"])[BARS]


def between_first_and_last(bins):
    """Drop the bins before the first and after the last trade of a day, which only the service returns."""
    with_trades = bins[bins["trade_count"] > 0]
    # The last bin can end at the next midnight.
    nanosecond = pd.Timedelta(1, "ns")
    pieces = []
    for (symbol, _), bars in with_trades.groupby(["symbol", (with_trades.index - nanosecond).date], observed=True):
        of_symbol = bins[bins["symbol"] == symbol]
        pieces.append(of_symbol[(of_symbol.index >= bars.index[0]) & (of_symbol.index <= bars.index[-1])])
    return pd.concat(pieces)


@backends
@pytest.mark.parametrize("tz", [None, "Europe/Berlin"])
@pytest.mark.parametrize("seconds", [60, 420, 86_400])
def test_time_bars_equal_those_of_the_service(client, load, dtype_backend, tz, seconds):
    """Labels, boundaries, prices, counts and volumes are those of tick_aggregated."""
    conversion = {"dtype_backend": dtype_backend, "tz": tz}
    query = client.tick_aggregated("ACTIV", SYMBOLS, DAYS, data_type="TRADES", bin_size=seconds)
    expected = between_first_and_last(query.to_pandas(**conversion))
    bars = load("TRADES", **conversion).ticks.bars(f"{seconds}s")
    assert len(bars) >= 4
    pd.testing.assert_frame_equal(comparable(bars), comparable(expected))


@backends
def test_daily_bars_fit_end_of_day(client, dtype_backend):
    """Joined by symbol and day, bars of the trades that were not cancelled have the official prices of each day."""
    symbols, days = ["ZAL.XE", "ADS.XE", "BMW.XE"], ("2016-05-02", "2016-05-05")
    trades = client.tick_data("ACTIV", symbols, days, data_type="TRADES", flags="EXCLUDE_CANCELLED_TRADES")
    official = client.end_of_day("ACTIV", symbols, *days).to_pandas(dtype_backend=dtype_backend)
    bars = trades.to_pandas(dtype_backend=dtype_backend).ticks.bars("1D").rename_axis("date").reset_index()
    keys = ["symbol", "date"]
    official, bars = (
        frame.astype({"symbol": "str", "date": "datetime64[ns]"}).sort_values(keys, ignore_index=True)
        for frame in (official, bars)
    )
    assert len(official) == 12
    pd.testing.assert_frame_equal(bars[official.columns], official)


@backends
@pytest.mark.parametrize("tz", [None, "Europe/Berlin"])
def test_joined_quotes_equal_those_of_the_service(load, dtype_backend, tz):
    """Trades joined with quotes equal TRADES_AND_QUOTES, including dtypes."""
    conversion = {"dtype_backend": dtype_backend, "tz": tz}
    joined = load("TRADES", **conversion).ticks.join_quotes(load("QUOTES", **conversion))
    pd.testing.assert_frame_equal(joined, load("TRADES_AND_QUOTES", **conversion))


@backends
def test_averages_volume_bars_and_spreads(load, dtype_backend):
    """Averages and volume bars equal the reference; spreads are positive and mids between bid and ask."""
    ticks = load("TRADES_AND_QUOTES", dtype_backend=dtype_backend).iloc[::20]
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
    """Minute bars equal those of the service, and volume and dollar bars include all shares."""
    request = ("LOCAL", ["IBM.N", "BAC.N"], ("2013-10-07", "2013-10-08"))
    trades = real_client.tick_data(*request, data_type="TRADES").to_pandas()
    expected = between_first_and_last(real_client.tick_aggregated(*request, data_type="TRADES").to_pandas())
    pd.testing.assert_frame_equal(comparable(trades.ticks.bars("1min")), comparable(expected))
    assert len(expected) > 1_500
    for bars in (trades.ticks.bars(volume=100_000), trades.ticks.bars(dollar=10_000_000)):
        assert bars["volume"].sum() == trades["trade_size"].sum()
        assert len(bars) > 100


def test_quotes_joined_to_real_trades(real_client):
    """The joined frame equals that of the service although many quotes share a timestamp, and can be plotted."""
    trades, quotes, both = (
        real_client.tick_data("LOCAL", "IBM.N", ("2013-10-07", "2013-10-08"), data_type=kind).to_pandas()
        for kind in ("TRADES", "QUOTES", "TRADES_AND_QUOTES")
    )
    assert quotes.index.duplicated().sum() > 1_000
    joined = trades.ticks.join_quotes(quotes)
    pd.testing.assert_frame_equal(joined, both)
    assert joined.ticks.plot(currency="USD")._repr_png_().startswith(b"\x89PNG")


@backends
@pytest.mark.parametrize("tz", [None, "Europe/Berlin"])
def test_a_column_of_timestamps_is_as_good_as_an_index(load, dtype_backend, tz):
    """As frames from Polars, Arrow, or the files of an export have it."""
    trades, quotes = (load(kind, dtype_backend=dtype_backend, tz=tz) for kind in ("TRADES", "QUOTES"))
    without_index = trades.reset_index()
    pd.testing.assert_frame_equal(without_index.ticks.bars("1min"), trades.ticks.bars("1min"))
    joined = without_index.ticks.join_quotes(quotes.reset_index())
    pd.testing.assert_frame_equal(joined.set_index("timestamp"), trades.ticks.join_quotes(quotes))


def test_ticks_of_an_export_have_bars_in_any_reader(client, tmp_path):
    query = client.tick_data("ACTIV", SYMBOLS, DAYS, data_type="TRADES", to_time="09:30")
    query.to_parquet(tmp_path)
    expected = comparable(query.to_pandas().ticks.bars("1min"))
    for frame in (pd.read_parquet(tmp_path), query.to_polars().to_pandas(use_pyarrow_extension_array=True)):
        bars = comparable(frame.ticks.bars("1min"))
        pd.testing.assert_frame_equal(bars, expected, check_dtype=False)
