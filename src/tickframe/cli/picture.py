"""The picture of one symbol's day: price, spread and volume over one time axis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

__all__ = ["draw_day"]

_BLUE, _PALE_BLUE, _RED, _GREY, _INK = "#2f6c9f", "#9cc3e4", "#b3202a", "#9aa5b1", "#1f2933"
_SMALL, _USUAL, _LARGE = 8.5, 9.5, 13

# 8 inches at 200 dots each: sharp on a dense screen, readable at half of that.
_INCHES = (8.0, 6.6)
_DOTS_PER_INCH = 200


def draw_day(trades: pd.DataFrame, quotes: pd.DataFrame, *, title: str, currency: str, path: Path) -> None:
    """Draw trades and quotes of one symbol and one day into a PNG.

    Parameters
    ----------
    trades, quotes
        As ``Query.to_pandas()`` returns them.
    title
        What stands above.
    currency
        The unit of prices.
    path
        The file; one that is there already is replaced.
    """
    # Figure and canvas of its own, instead of pyplot's global state.
    figure = Figure(figsize=_INCHES, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    price, spread, volume = figure.subplots(3, 1, sharex=True, height_ratios=(3, 1.2, 1.2))
    figure.suptitle(title, fontsize=_LARGE, fontweight="bold", color=_INK, x=0.02, ha="left")
    _draw_price(price, trades, quotes, currency)
    _draw_spread(spread, quotes)
    _draw_volume(volume, trades)
    for axes in (price, spread, volume):
        _tidy(axes)
    volume.set_xlabel("Time of day at the exchange (hours:minutes)", fontsize=_USUAL, color=_INK)
    volume.xaxis.set_major_locator(MultipleLocator(1))
    volume.xaxis.set_major_formatter(FuncFormatter(lambda hours, _: f"{hours:02.0f}:00"))
    figure.align_ylabels()
    canvas.print_figure(path, dpi=_DOTS_PER_INCH)


def _draw_price(axes: Axes, trades: pd.DataFrame, quotes: pd.DataFrame, currency: str) -> None:
    hours, bid, ask = _hours(quotes), quotes["bid"], quotes["ask"]
    axes.fill_between(hours, bid, ask, step="post", color=_PALE_BLUE, linewidth=0.8, label="Bid to ask")
    axes.plot(
        _hours(trades),
        trades["trade"],
        linestyle="none",
        marker="o",
        markersize=0.9,
        markeredgewidth=0,
        color=_RED,
        label="Trade",
    )
    axes.set_ylabel(f"Price ({currency})", fontsize=_USUAL, color=_INK)
    axes.legend(loc="upper left", ncols=2, fontsize=_SMALL, frameon=False, markerscale=5, labelcolor=_INK)


def _draw_spread(axes: Axes, quotes: pd.DataFrame) -> None:
    middle = (quotes["ask"] + quotes["bid"]) / 2
    basis_points = ((quotes["ask"] - quotes["bid"]) / middle * 10_000).resample("1min").median().to_frame()
    axes.step(_hours(basis_points), basis_points[0], where="post", color=_BLUE, linewidth=1)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("Spread\n(basis points,\nmedian of 1 min)", fontsize=_USUAL, color=_INK)


def _draw_volume(axes: Axes, trades: pd.DataFrame) -> None:
    shares = trades[["trade_size"]].resample("5min").sum() / 1_000
    axes.bar(
        _hours(shares), shares["trade_size"], width=5 / 60, align="edge", color=_GREY, edgecolor="white", linewidth=0.4
    )
    axes.set_ylabel("Volume\n(1,000 shares\nin 5 min)", fontsize=_USUAL, color=_INK)


def _hours(frame: pd.DataFrame) -> np.ndarray:
    """Return the hours since midnight of the day on which a frame begins."""
    since_midnight = frame.index - frame.index[0].normalize()
    return np.asarray(since_midnight / pd.Timedelta(hours=1))


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GREY)
    axes.tick_params(labelsize=_SMALL, colors=_INK, color=_GREY)
    axes.grid(axis="y", color=_GREY, alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(x=0.01)
