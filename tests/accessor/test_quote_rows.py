"""TRADES_AND_QUOTES with a row for each trade or quote, from the sandbox to the accessor."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import tickframe as tf
from tests.accessor.frames import BACKENDS
from tickframe.sandbox import Sandbox

SYMBOLS, DAY = ["ZAL.XE", "ADS.XE"], "2016-05-05"
WINDOW = {"to_time": "10:00"}

backends = pytest.mark.parametrize("dtype_backend", BACKENDS)


@pytest.fixture(scope="module")
def load():
    """Load ticks of a sandbox with rows of quotes."""
    with Sandbox(seed=7, quote_rows=True) as sandbox, tf.Client(**sandbox.account) as client:
        yield lambda data_type, **conversion: client.tick_data(
            "ACTIV", SYMBOLS, DAY, data_type=data_type, **WINDOW
        ).to_pandas(**conversion)


@pytest.fixture(scope="module")
def load_trades_only(client):
    """Load ticks of a sandbox with rows of trades only."""
    return lambda data_type, **conversion: client.tick_data(
        "ACTIV", SYMBOLS, DAY, data_type=data_type, **WINDOW
    ).to_pandas(**conversion)


@backends
def test_rows_are_the_trades_and_the_quotes(load, load_trades_only, dtype_backend):
    """Rows with a price are those of the other shape, and the other rows are the quotes, without a trade."""
    both = load("TRADES_AND_QUOTES", dtype_backend=dtype_backend)
    is_trade = both["trade"].notna()
    trades = load_trades_only("TRADES_AND_QUOTES", dtype_backend=dtype_backend)
    # The empty condition of rows of quotes is a category too.
    pd.testing.assert_frame_equal(both[is_trade], trades, check_categorical=False)
    quotes = load("QUOTES", dtype_backend=dtype_backend)
    pd.testing.assert_frame_equal(both[~is_trade][quotes.columns], quotes)
    assert both[~is_trade]["trade_size"].isna().all()
    assert set(both[~is_trade]["trade_condition"].astype("str")) == {""}


def test_a_trade_follows_the_quotes_of_the_same_time(load):
    """The quote in its row is that of the rows before it."""
    both = load("TRADES_AND_QUOTES")
    for _, rows in both.groupby("symbol", observed=True):
        assert rows.index.is_monotonic_increasing
        quotes = rows[["bid", "bid_size", "ask", "ask_size"]]
        before = quotes.shift()[rows["trade"].notna()].iloc[10:]
        pd.testing.assert_frame_equal(quotes.loc[rows["trade"].notna()].iloc[10:], before)


def test_other_data_types_have_the_same_rows(load, load_trades_only):
    """Only TRADES_AND_QUOTES has two shapes."""
    for data_type in ("TRADES", "QUOTES"):
        pd.testing.assert_frame_equal(load(data_type), load_trades_only(data_type))


def test_sandboxes_of_the_two_shapes_share_no_cache():
    """Responses differ, so they are different services for a cache."""
    assert Sandbox(quote_rows=True).cache_namespace != Sandbox().cache_namespace


@backends
@pytest.mark.parametrize("arguments", [{"frequency": "5min"}, {"frequency": "1D"}, {"volume": 5_000}, {"dollar": 1e6}])
def test_bars_are_of_the_trades(load, dtype_backend, arguments):
    """Rows of quotes open no bar, close none, and are not counted."""
    both, trades = (load(kind, dtype_backend=dtype_backend) for kind in ("TRADES_AND_QUOTES", "TRADES"))
    pd.testing.assert_frame_equal(both.ticks.bars(**arguments), trades.ticks.bars(**arguments))


@backends
def test_averages_are_of_the_trades_and_spreads_of_the_rows(load, dtype_backend):
    """The average equals that of the trades, and rows of quotes have the spreads of the quotes."""
    both, trades, quotes = (
        load(kind, dtype_backend=dtype_backend) for kind in ("TRADES_AND_QUOTES", "TRADES", "QUOTES")
    )
    pd.testing.assert_series_equal(both.ticks.vwap(), trades.ticks.vwap())
    for name in ("spread", "mid"):
        of_rows, of_quotes = getattr(both.ticks, name)(), getattr(quotes.ticks, name)()
        assert len(of_rows) == len(both)
        pd.testing.assert_series_equal(of_rows[both["trade"].isna()], of_quotes)


@backends
def test_quotes_are_joined_from_rows_of_both(load, dtype_backend):
    """The frame of both can stand in for the quotes."""
    both, trades, quotes = (
        load(kind, dtype_backend=dtype_backend) for kind in ("TRADES_AND_QUOTES", "TRADES", "QUOTES")
    )
    pd.testing.assert_frame_equal(trades.ticks.join_quotes(both), trades.ticks.join_quotes(quotes))


def test_the_plot_has_a_dot_for_each_trade(load):
    """Dots are the trades and no larger or smaller than without the rows of quotes."""
    both, trades, quotes = (
        frame[frame["symbol"] == "ZAL.XE"] for frame in map(load, ("TRADES_AND_QUOTES", "TRADES", "QUOTES"))
    )
    dots, expected = both.ticks.plot().axes[0].lines[0], trades.ticks.plot(quotes).axes[0].lines[0]
    assert np.array_equal(dots.get_xydata(), expected.get_xydata())
    assert dots.get_markersize() == expected.get_markersize()
    only_quotes = both[both["trade"].isna()]
    assert len(only_quotes.ticks.plot()._repr_png_()) > 0
