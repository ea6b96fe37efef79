"""Plot of the ticks of one symbol: price, spread and volume over a common time axis."""

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
from tickframe.accessor.columns import check_columns, check_time_zones, factorize_symbols, prices_of, times_of

_BLUE, _PALE_BLUE, _RED, _GREY, _INK = "#2f6c9f", "#9cc3e4", "#b3202a", "#9aa5b1", "#1f2933"
_SMALL, _MEDIUM, _LARGE = 8.5, 9.5, 13

# Inches; 8 of them at 100 dots each are 800 pixels.
_WIDTH = 8.0
_DOTS_PER_INCH = 100
_PRICE_HEIGHT, _PANEL_HEIGHT, _MARGINS = 3.0, 1.2, 1.2

# Bin sizes as pandas offsets, with their labels.
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
# A line can have a point per pixel; a bar needs several pixels.
_MAX_POINTS, _MAX_BARS = 600, 120
_MIN_DOT, _MAX_DOT = 0.9, 4


class _NotebookFigure(Figure):
    """A figure that notebooks show without pyplot and its global state."""

    def _repr_png_(self) -> bytes:
        png = io.BytesIO()
        self.savefig(png, format="png")
        return png.getvalue()


class _Ticks(NamedTuple):
    """Ticks sorted by time, with their wall times on the axis."""

    frame: pd.DataFrame
    wall_times: pd.DatetimeIndex


def draw(frame: pd.DataFrame, quotes: pd.DataFrame | None, *, title: str | None, currency: str | None) -> Figure:
    """Draw ticks; see :meth:`TickAccessor.plot`."""
    if quotes is None and "bid" in frame.columns:
        quotes = frame
    if quotes is None:
        check_columns(frame, ["trade", "trade_size"], "plot() draws trades or quotes of tick_data()")
    else:
        check_columns(quotes, ["bid", "ask"], "load quotes with data_type='QUOTES'")
    symbol = _only_symbol(frame, quotes)
    tz = times_of(frame).tz
    sorted_rows = _sorted(frame, tz)
    sorted_trades = _with_a_price(sorted_rows) if "trade" in frame.columns else None
    sorted_quotes = None if quotes is None else _sorted(quotes, tz)

    axis = [ticks.wall_times for ticks in (sorted_rows, sorted_quotes) if ticks is not None and len(ticks.wall_times)]
    first, last = min(times[0] for times in axis), max(times[-1] for times in axis)
    figure, (price, *below) = _panels(1 + (sorted_quotes is not None) + (sorted_trades is not None))
    heading = title or f"{symbol}, {_days(first, last)}"
    # Names come from the service, so dollar signs in them do not mark formulas.
    figure.suptitle(heading, fontsize=_LARGE, fontweight="bold", color=_INK, x=0.02, ha="left", parse_math=False)
    if sorted_quotes is not None:
        _draw_quotes(price, sorted_quotes)
        _draw_spread(below[0], sorted_quotes, _bin_size(last - first, _MAX_POINTS))
    if sorted_trades is not None:
        _draw_trades(price, sorted_trades)
        _draw_volume(below[-1], sorted_trades, _bin_size(last - first, _MAX_BARS))
    _label(price, f"Price ({currency or 'currency of the instrument'})")
    _add_legend(price)
    for axes in (price, *below):
        _style(axes)
    _label_time(below[-1], "at the exchange" if tz is None else str(tz))
    figure.align_ylabels()
    return figure


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure and its axes, from top to bottom; the first is the highest."""
    heights = (_PRICE_HEIGHT, *[_PANEL_HEIGHT] * (count - 1))
    figure = _NotebookFigure(figsize=(_WIDTH, sum(heights) + _MARGINS), dpi=_DOTS_PER_INCH, layout="constrained")
    return figure, list(figure.subplots(count, 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0])


def _only_symbol(frame: pd.DataFrame, quotes: pd.DataFrame | None) -> str:
    """Return the symbol of a frame and its quotes; raise ValueError unless there is exactly one."""
    _, symbols = factorize_symbols(frame)
    if quotes is not None:
        symbols = symbols.union(factorize_symbols(quotes)[1], sort=False)
    if not len(symbols):
        raise ValueError("nothing to plot: the frame has no rows")
    if len(symbols) > 1:
        raise ValueError(
            f"plot() draws one symbol, not {len(symbols)}: select one with df[df['symbol'] == {symbols[0]!r}], and its "
            "quotes"
        )
    return str(symbols[0])


def _sorted(frame: pd.DataFrame, tz: dt.tzinfo | None) -> _Ticks:
    times = times_of(frame)
    check_time_zones(tz, times.tz)
    order = np.argsort(times.asi8, kind="stable")
    times = times[order]
    return _Ticks(frame.iloc[order], times if tz is None else times.tz_convert(tz).tz_localize(None))


def _with_a_price(ticks: _Ticks) -> _Ticks:
    """Return the rows that are trades: those of quotes only have no price."""
    is_trade = ticks.frame["trade"].notna().to_numpy(dtype="bool")
    return _Ticks(ticks.frame[is_trade], ticks.wall_times[is_trade])


def _draw_quotes(axes: Axes, quotes: _Ticks) -> None:
    axes.fill_between(
        _axis_values(quotes.wall_times),
        prices_of(quotes.frame, "bid"),
        prices_of(quotes.frame, "ask"),
        step="post",
        color=_PALE_BLUE,
        linewidth=0.8,
        label="Bid to ask",
    )


def _draw_trades(axes: Axes, trades: _Ticks) -> None:
    axes.plot(
        _axis_values(trades.wall_times),
        prices_of(trades.frame, "trade"),
        linestyle="none",
        marker="o",
        # The more trades, the smaller the dots.
        markersize=np.clip(60 / np.sqrt(len(trades.wall_times) or 1), _MIN_DOT, _MAX_DOT),
        markeredgewidth=0,
        color=_RED,
        label="Trade",
    )


def _draw_spread(axes: Axes, quotes: _Ticks, size: str) -> None:
    bid, ask = prices_of(quotes.frame, "bid"), prices_of(quotes.frame, "ask")
    mid = (bid + ask) / 2
    basis_points = np.full(len(bid), np.nan)
    np.divide((ask - bid) * 10_000, mid, out=basis_points, where=mid > 0)
    medians = pd.Series(basis_points, index=quotes.wall_times).resample(size).median()
    axes.step(_axis_values(medians.index), medians.to_numpy(), where="post", color=_BLUE, linewidth=1)
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]) if medians.min() < 0 else 0)
    _label(axes, f"Spread\n(basis points,\nmedian of {_BINS[size]})")


def _draw_volume(axes: Axes, trades: _Ticks, size: str) -> None:
    bars = time_bars(trades.frame.set_axis(trades.wall_times), size)
    volume = bars["volume"].to_numpy(dtype="float64")
    in_thousands = volume.max(initial=0) >= 10_000
    axes.bar(
        _axis_values(bars.index),
        volume / 1_000 if in_thousands else volume,
        # The index is the end of the bin.
        width=-pd.Timedelta(size) / pd.Timedelta(days=1),
        align="edge",
        color=_GREY,
        edgecolor="white",
        linewidth=0.4,
    )
    _label(axes, f"Volume\n({'1,000 shares' if in_thousands else 'shares'}\nin {_BINS[size]})")


def _bin_size(span: pd.Timedelta, most: int) -> str:
    """Return the smallest bin size that divides a time span into at most so many bins."""
    sizes = (size for size in _BINS if span / pd.Timedelta(size) <= most)
    return next(sizes, list(_BINS)[-1])


def _days(first: pd.Timestamp, last: pd.Timestamp) -> str:
    return f"{first:%Y-%m-%d}" if first.date() == last.date() else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _axis_values(times: pd.Index) -> npt.NDArray[np.float64]:
    """Return times in Matplotlib's days, independent of the converters that pandas may have registered."""
    return np.asarray(date2num(times.to_numpy()), dtype=np.float64)


def _label(axes: Axes, text: str) -> None:
    axes.set_ylabel(text, fontsize=_MEDIUM, color=_INK, parse_math=False)


def _label_time(axes: Axes, clock: str) -> None:
    axes.set_xlabel(f"Time ({clock})", fontsize=_MEDIUM, color=_INK)
    locator = AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.xaxis.get_offset_text().set(fontsize=_SMALL, color=_INK)


def _add_legend(axes: Axes) -> None:
    # Above the axes, where it covers no prices.
    legend = axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=_SMALL, frameon=False, labelcolor=_INK
    )
    for handle in legend.legend_handles:
        if isinstance(handle, Line2D):
            handle.set_markersize(_MAX_DOT)


def _style(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GREY)
    axes.tick_params(labelsize=_SMALL, colors=_INK, color=_GREY)
    axes.grid(axis="y", color=_GREY, alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(x=0.01)
