"""The picture of one symbol's ticks: price, spread and volume over one time axis."""

from __future__ import annotations

import datetime as dt
import io
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tickframe.accessor.bars import time_bars
from tickframe.accessor.columns import check_columns, check_time_zones, prices_of, symbols_of, times_of

_BLUE, _PALE_BLUE, _RED, _GREY, _INK = "#2f6c9f", "#9cc3e4", "#b3202a", "#9aa5b1", "#1f2933"
_SMALL, _USUAL, _LARGE = 8.5, 9.5, 13

# 8 inches at 100 dots each; what is read there is sharp at 200.
_WIDTH = 8.0
_DOTS_PER_INCH = 100
_PRICE_HEIGHT, _PANEL_HEIGHT, _MARGINS = 3.0, 1.2, 1.2

_BINS = {
    "1s": "1 s",
    "5s": "5 s",
    "15s": "15 s",
    "1min": "1 min",
    "5min": "5 min",
    "15min": "15 min",
    "30min": "30 min",
    "1h": "1 h",
    "4h": "4 h",
    "1D": "1 day",
}
# A line can have a point a pixel, a bar needs several.
_MOST_POINTS, _MOST_BARS = 600, 120
_LEAST_DOT, _MOST_DOT = 0.9, 4


class _Picture(Figure):
    """A figure that a notebook shows without pyplot and its global state."""

    def _repr_png_(self) -> bytes:
        png = io.BytesIO()
        self.savefig(png, format="png")
        return png.getvalue()


class _Ticks(NamedTuple):
    """Ticks in the order of time, and their times on the clock of the axis, which has no time zone."""

    frame: pd.DataFrame
    clock: pd.DatetimeIndex


def draw(frame: pd.DataFrame, quotes: pd.DataFrame | None, *, title: str | None, currency: str | None) -> Figure:
    """Draw ticks, see :meth:`TickAccessor.plot`."""
    if quotes is None and "bid" in frame.columns:
        quotes = frame
    if quotes is None:
        check_columns(frame, ["trade", "trade_size"], "plot() draws what tick_data answers, trades or quotes")
    else:
        check_columns(quotes, ["bid", "ask"], "quotes are what data_type='QUOTES' answers")
    symbol = _symbol_of(frame, quotes)
    tz = times_of(frame).tz
    trades = _in_order(frame, tz) if "trade" in frame.columns else None
    standing = None if quotes is None else _in_order(quotes, tz)

    clocks = [side.clock for side in (trades, standing) if side is not None and len(side.clock)]
    first, last = min(clock[0] for clock in clocks), max(clock[-1] for clock in clocks)
    figure, (price, *below) = _panels(1 + (standing is not None) + (trades is not None))
    heading = title or f"{symbol}, {_days(first, last)}"
    figure.suptitle(heading, fontsize=_LARGE, fontweight="bold", color=_INK, x=0.02, ha="left")
    if standing is not None:
        _draw_quotes(price, standing)
        _draw_spread(below[0], standing, _bin_size(last - first, _MOST_POINTS))
    if trades is not None:
        _draw_trades(price, trades)
        _draw_volume(below[-1], trades, _bin_size(last - first, _MOST_BARS))
    price.set_ylabel(f"Price ({currency or 'currency of the instrument'})", fontsize=_USUAL, color=_INK)
    _explain(price)
    for axes in (price, *below):
        _tidy(axes)
    _label_time(below[-1], "at the exchange" if tz is None else str(tz))
    figure.align_ylabels()
    return figure


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure and its axes, one below the other, the first the highest."""
    heights = (_PRICE_HEIGHT, *[_PANEL_HEIGHT] * (count - 1))
    figure = _Picture(figsize=(_WIDTH, sum(heights) + _MARGINS), dpi=_DOTS_PER_INCH, layout="constrained")
    return figure, list(figure.subplots(count, 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0])


def _explain(axes: Axes) -> None:
    # Above the axes, where no price can be.
    legend = axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=_SMALL, frameon=False, labelcolor=_INK
    )
    for handle in legend.legend_handles:
        if isinstance(handle, Line2D):
            handle.set_markersize(_MOST_DOT)


def _symbol_of(frame: pd.DataFrame, quotes: pd.DataFrame | None) -> str:
    """Return the one symbol that there is to draw."""
    found = symbols_of(frame)[1]
    if quotes is not None:
        found = found.union(symbols_of(quotes)[1], sort=False)
    if not len(found):
        raise ValueError("there is nothing to draw: the frame has no rows")
    if len(found) > 1:
        raise ValueError(
            f"plot() draws one symbol, and here are {len(found)}: draw df[df['symbol'] == {found[0]!r}], "
            "and the quotes of that symbol"
        )
    return str(found[0])


def _in_order(frame: pd.DataFrame, tz: dt.tzinfo | None) -> _Ticks:
    times = times_of(frame)
    check_time_zones(tz, times.tz)
    order = np.argsort(times.asi8, kind="stable")
    return _Ticks(frame.iloc[order], _clock(times[order], tz))


def _clock(times: pd.DatetimeIndex, tz: dt.tzinfo | None) -> pd.DatetimeIndex:
    return times if tz is None else times.tz_convert(tz).tz_localize(None)


def _draw_quotes(axes: Axes, quotes: _Ticks) -> None:
    axes.fill_between(
        _on_axis(quotes.clock),
        prices_of(quotes.frame, "bid"),
        prices_of(quotes.frame, "ask"),
        step="post",
        color=_PALE_BLUE,
        linewidth=0.8,
        label="Bid to ask",
    )


def _draw_trades(axes: Axes, trades: _Ticks) -> None:
    axes.plot(
        _on_axis(trades.clock),
        prices_of(trades.frame, "trade"),
        linestyle="none",
        marker="o",
        # Few trades are seen as dots, many as where the price went.
        markersize=np.clip(60 / np.sqrt(len(trades.clock) or 1), _LEAST_DOT, _MOST_DOT),
        markeredgewidth=0,
        color=_RED,
        label="Trade",
    )


def _draw_spread(axes: Axes, quotes: _Ticks, size: str) -> None:
    bid, ask = prices_of(quotes.frame, "bid"), prices_of(quotes.frame, "ask")
    middle = (bid + ask) / 2
    basis_points = np.full(len(bid), np.nan)
    np.divide((ask - bid) * 10_000, middle, out=basis_points, where=middle > 0)
    medians = pd.Series(basis_points, index=quotes.clock).resample(size).median()
    axes.step(_on_axis(medians.index), medians.to_numpy(), where="post", color=_BLUE, linewidth=1)
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]) if medians.min() < 0 else 0)
    axes.set_ylabel(f"Spread\n(basis points,\nmedian of {_BINS[size]})", fontsize=_USUAL, color=_INK)


def _draw_volume(axes: Axes, trades: _Ticks, size: str) -> None:
    bars = time_bars(trades.frame.set_axis(trades.clock), size)
    volume = bars["volume"].to_numpy(dtype="float64")
    in_thousands = volume.max(initial=0) >= 10_000
    axes.bar(
        _on_axis(bars.index),
        volume / 1_000 if in_thousands else volume,
        # The index is the end of the bin.
        width=-pd.Timedelta(size) / pd.Timedelta(days=1),
        align="edge",
        color=_GREY,
        edgecolor="white",
        linewidth=0.4,
    )
    unit = "1,000 shares" if in_thousands else "shares"
    axes.set_ylabel(f"Volume\n({unit}\nin {_BINS[size]})", fontsize=_USUAL, color=_INK)


def _bin_size(span: pd.Timedelta, most: int) -> str:
    """Return the least bin of which not more than so many fit in."""
    fitting = (size for size in _BINS if span / pd.Timedelta(size) <= most)
    return next(fitting, list(_BINS)[-1])


def _days(first: pd.Timestamp, last: pd.Timestamp) -> str:
    return f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _on_axis(clock: pd.Index) -> npt.NDArray[np.float64]:
    """Return times as Matplotlib counts them, in days; what pandas may have registered for dates changes nothing."""
    return np.asarray(date2num(clock.to_numpy()), dtype=np.float64)


def _label_time(axes: Axes, clock: str) -> None:
    axes.set_xlabel(f"Time ({clock})", fontsize=_USUAL, color=_INK)
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.xaxis.get_offset_text().set(fontsize=_SMALL, color=_INK)


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GREY)
    axes.tick_params(labelsize=_SMALL, colors=_INK, color=_GREY)
    axes.grid(axis="y", color=_GREY, alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(x=0.01)
