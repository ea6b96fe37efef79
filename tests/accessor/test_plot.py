"""The plot: its data, its labels, and its display in notebooks."""

from __future__ import annotations

import io
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
    """Load ticks of one symbol, with any conversion."""

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
    """Price, spread and volume are labelled with units, over a common time axis, 800 pixels wide."""
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


def test_the_plot_shows_the_ticks(ticks):
    """Dots are the trades, bars add up to the volume, and the line is the median spread."""
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
def test_panels_depend_on_the_columns(ticks, kind, panels):
    """Trades have a volume panel and quotes a spread panel."""
    assert [label.split(" ")[0] for label in labels(ticks(kind).ticks.plot())] == panels


def test_bin_sizes_depend_on_the_time_span(ticks):
    """Ten minutes and two days have other bins in their labels, and the title has both days."""
    trades = ticks("TRADES")
    minutes = trades[(trades.index.hour == 9) & (trades.index.minute < 10)]
    assert labels(minutes.ticks.plot())[-1].endswith("in 5 s)")
    two_days = ticks("TRADES", day=("2016-05-04", DAY)).ticks.plot()
    assert labels(two_days)[-1].endswith("in 30 min)")
    assert two_days.get_suptitle() == "ZAL.XE, 2016-05-04 to 2016-05-05"


def test_the_axis_is_in_the_time_zone_of_the_frame(ticks):
    """Times of quotes are converted to it, and its name is in the label."""
    trades, quotes = (ticks(kind, tz="Europe/Berlin") for kind in ("TRADES", "QUOTES"))
    figure = trades.ticks.plot(quotes.tz_convert("UTC"))
    naive = ticks("TRADES").ticks.plot(ticks("QUOTES"))
    assert figure.axes[-1].get_xlabel() == "Time (Europe/Berlin)"
    assert figure.axes[-1].get_xlim() == naive.axes[-1].get_xlim()


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("kind", ["TRADES", "QUOTES", "TRADES_AND_QUOTES"])
def test_one_tick_can_be_plotted(ticks, kind, rows):
    """There is no warning."""
    assert width_of(ticks(kind).iloc[:rows].ticks.plot()._repr_png_()) == 800


def test_quotes_are_plotted_without_trades(ticks):
    """A frame without rows has an empty volume panel."""
    figure = ticks("TRADES").iloc[:0].ticks.plot(ticks("QUOTES").iloc[:100])
    assert len(figure.axes) == 3
    assert width_of(figure._repr_png_()) == 800


def test_nulls_are_not_drawn(ticks):
    """A frame of nulls gives an empty plot."""
    both = ticks("TRADES_AND_QUOTES").iloc[:20]
    both[["trade", "bid", "ask"]] = np.nan
    both["trade_size"] = pd.array([None] * 20, dtype="Int64")
    assert width_of(both.ticks.plot()._repr_png_()) == 800


def test_rows_can_be_in_any_order(ticks):
    """Reversed rows give the same plot."""
    trades, quotes = ticks("TRADES").iloc[:300], ticks("QUOTES").iloc[:300]
    backwards = trades.iloc[::-1].ticks.plot(quotes.iloc[::-1])
    price, expected = backwards.axes[0].lines[0], trades.ticks.plot(quotes).axes[0].lines[0]
    assert np.all(np.diff(price.get_xdata()) >= 0)
    assert sorted(price.get_ydata()) == sorted(expected.get_ydata())


def test_invalid_frames_raise(client, ticks):
    """The frame has no rows, several symbols, no ticks, or no time zone although the quotes have one."""
    trades = ticks("TRADES")
    with pytest.raises(ValueError, match="nothing to plot"):
        trades.iloc[:0].ticks.plot()
    two = client.tick_data("ACTIV", ["ZAL.XE", "ADS.XE"], DAY, data_type="QUOTES").to_pandas()
    for draw in (two.ticks.plot, lambda: trades.ticks.plot(two)):
        with pytest.raises(
            ValueError, match=r"one symbol, not 2: select one with df\[df\['symbol'\] == '(ZAL|ADS).XE'\]"
        ):
            draw()
    with pytest.raises(ValueError, match="no column 'trade'"):
        trades[["symbol"]].ticks.plot()
    with pytest.raises(ValueError, match="give both or neither a time zone"):
        trades.ticks.plot(ticks("QUOTES", tz="UTC"))


def test_without_matplotlib_the_error_names_the_extra(ticks, monkeypatch):
    trades = ticks("TRADES")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in [name for name in sys.modules if name.startswith(("matplotlib.", "tickframe.accessor.plot"))]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SettingsError, match=r"plot\(\) needs an extra: pip install 'tickframe\[plot\]'"):
        trades.ticks.plot()


def test_pyplot_is_not_imported():
    """No global figure stays open, and no window system is used."""
    script = (
        "import sys, pandas as pd, tickframe\n"
        "times = pd.DatetimeIndex(['2016-05-05 09:00', '2016-05-05 09:01'])\n"
        "frame = pd.DataFrame({'symbol': 'A', 'trade': [1.0, 2.0], 'trade_size': 5}, index=times)\n"
        "frame.ticks.plot()._repr_png_()\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_dollar_signs_in_a_name_are_no_formula(ticks):
    """Names come from the service, and a malformed formula would be an error."""
    figure = ticks("TRADES").ticks.plot(title=r"$\frac{$ Corp", currency=r"$\x$")
    figure.savefig(io.BytesIO(), format="png")
    assert figure.get_suptitle() == r"$\frac{$ Corp"
