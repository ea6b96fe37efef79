"""The picture: what is drawn, how it is labelled, and where it can be shown."""

from __future__ import annotations

import struct
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tests.accessor.frames import BACKENDS
from tickframe.errors import SettingsError

DAY = "2016-05-05"


@pytest.fixture(scope="module")
def ticks(client):
    """Trades and quotes of one symbol and day, for each backend."""

    def load(kind, day=DAY, **conversion):
        return client.tick_data("ACTIV", "ZAL.XE", day, data_type=kind).to_pandas(**conversion)

    return load


def labels(figure):
    return [axes.get_ylabel().replace("\n", " ") for axes in figure.axes]


def width_of(png):
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">I", png[16:20])[0]


@pytest.mark.parametrize("dtype_backend", BACKENDS)
def test_a_day_has_three_panels_with_units(ticks, dtype_backend):
    """Price, spread and volume are named with their units, over one axis of time, 800 pixels wide."""
    trades, quotes = (ticks(kind, dtype_backend=dtype_backend) for kind in ("TRADES", "QUOTES"))
    figure = trades.ticks.plot(quotes, currency="EUR")
    assert labels(figure) == [
        "Price (EUR)",
        "Spread (basis points, median of 1 min)",
        "Volume (1,000 shares in 5 min)",
    ]
    assert figure.axes[-1].get_xlabel() == "Time (at the exchange)"
    assert figure.get_suptitle() == f"ZAL.XE, {DAY}"
    assert width_of(figure._repr_png_()) == 800


def test_what_is_drawn_is_what_was_traded_and_quoted(ticks):
    """Dots are the trades, bars add up to the volume, and the band reaches from bid to ask."""
    trades, quotes = ticks("TRADES"), ticks("QUOTES")
    price, spread, volume = trades.ticks.plot(quotes).axes
    assert np.array_equal(price.lines[0].get_ydata(), trades["trade"].to_numpy())
    # In thousands of shares.
    assert sum(bar.get_height() for bar in volume.patches) == pytest.approx(trades["trade_size"].sum() / 1_000)
    basis_points = 10_000 * quotes.ticks.spread() / quotes.ticks.mid()
    medians = basis_points.resample("1min").median()
    assert np.allclose(spread.lines[0].get_ydata(), medians, equal_nan=True)


@pytest.mark.parametrize(
    ("kind", "panels"),
    [
        ("TRADES", ["Price", "Volume"]),
        ("QUOTES", ["Price", "Spread"]),
        ("TRADES_AND_QUOTES", ["Price", "Spread", "Volume"]),
    ],
)
def test_panels_are_those_that_the_frame_has(ticks, kind, panels):
    """Trades have volume, quotes a spread, and what has both has both."""
    assert [label.split(" ")[0] for label in labels(ticks(kind).ticks.plot())] == panels


def test_bins_fit_the_time_that_is_drawn(ticks):
    """Ten minutes, two days: the labels name other bins, and the title both days."""
    trades = ticks("TRADES")
    minutes = trades[(trades.index.hour == 9) & (trades.index.minute < 10)]
    assert labels(minutes.ticks.plot())[-1].endswith("in 5 s)")
    two_days = ticks("TRADES", day=("2016-05-04", DAY)).ticks.plot()
    assert labels(two_days)[-1].endswith("in 30 min)")
    assert two_days.get_suptitle() == "ZAL.XE, 2016-05-04 to 2016-05-05"


def test_the_axis_shows_the_clock_of_the_frame(ticks):
    """Localized times are drawn and named in the frame's zone, the quotes' converted."""
    trades, quotes = (ticks(kind, tz="Europe/Berlin") for kind in ("TRADES", "QUOTES"))
    figure = trades.ticks.plot(quotes.tz_convert("UTC"))
    naive = ticks("TRADES").ticks.plot(ticks("QUOTES"))
    assert figure.axes[-1].get_xlabel() == "Time (Europe/Berlin)"
    assert figure.axes[-1].get_xlim() == naive.axes[-1].get_xlim()


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("kind", ["TRADES", "QUOTES", "TRADES_AND_QUOTES"])
def test_a_tick_is_enough_for_a_picture(ticks, kind, rows):
    """One tick, without a warning."""
    assert width_of(ticks(kind).iloc[:rows].ticks.plot()._repr_png_()) == 800


def test_quotes_alone_are_drawn_where_nothing_was_traded(ticks):
    """A day without trades has a picture, with an empty panel of volume."""
    figure = ticks("TRADES").iloc[:0].ticks.plot(ticks("QUOTES").iloc[:100])
    assert len(figure.axes) == 3
    assert width_of(figure._repr_png_()) == 800


def test_nulls_are_left_out_of_the_picture(ticks):
    """Trades without prices, quotes without sides: nothing is drawn, and nothing fails."""
    both = ticks("TRADES_AND_QUOTES").iloc[:20]
    both[["trade", "bid", "ask"]] = np.nan
    both["trade_size"] = pd.array([None] * 20, dtype="Int64")
    assert width_of(both.ticks.plot()._repr_png_()) == 800


def test_rows_may_stand_in_any_order(ticks):
    """The picture of rows in reverse is the picture."""
    trades, quotes = ticks("TRADES").iloc[:300], ticks("QUOTES").iloc[:300]
    backwards = trades.iloc[::-1].ticks.plot(quotes.iloc[::-1])
    price, expected = backwards.axes[0].lines[0], trades.ticks.plot(quotes).axes[0].lines[0]
    assert np.all(np.diff(price.get_xdata()) >= 0)
    assert sorted(price.get_ydata()) == sorted(expected.get_ydata())


def test_what_cannot_be_drawn_is_said(client, ticks):
    """No rows, many symbols, no ticks, half a time zone."""
    trades = ticks("TRADES")
    with pytest.raises(ValueError, match="nothing to draw"):
        trades.iloc[:0].ticks.plot()
    two = client.tick_data("ACTIV", ["ZAL.XE", "ADS.XE"], DAY, data_type="QUOTES").to_pandas()
    for draw in (two.ticks.plot, lambda: trades.ticks.plot(two)):
        with pytest.raises(ValueError, match=r"one symbol, and here are 2: draw df\[df\['symbol'\] == 'ZAL.XE'\]"):
            draw()
    with pytest.raises(ValueError, match="no column 'trade'"):
        trades[["symbol"]].ticks.plot()
    with pytest.raises(ValueError, match="give both or neither"):
        trades.ticks.plot(ticks("QUOTES", tz="UTC"))


def test_without_matplotlib_the_extra_is_named(ticks, monkeypatch):
    trades = ticks("TRADES")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in [name for name in sys.modules if name.startswith(("matplotlib.", "tickframe.accessor.plot"))]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SettingsError, match=r"pip install 'tickframe\[plot\]'"):
        trades.ticks.plot()


def test_a_picture_needs_no_pyplot():
    """No global figure is left open, and no window system is asked for."""
    script = (
        "import sys, pandas as pd, tickframe\n"
        "moments = pd.DatetimeIndex(['2016-05-05 09:00', '2016-05-05 09:01'])\n"
        "frame = pd.DataFrame({'symbol': 'A', 'trade': [1.0, 2.0], 'trade_size': 5}, index=moments)\n"
        "frame.ticks.plot()._repr_png_()\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
