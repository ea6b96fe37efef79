"""The accessor: its methods, and what each promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tickframe.accessor.bars import Frequency, dollar_bars, time_bars, volume_bars
from tickframe.accessor.quotes import join_quotes, mid, spread
from tickframe.accessor.trades import vwap
from tickframe.extras import needs_extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class TickAccessor:
    """Bars, averages, spreads, as-of joins and a picture of a frame of ticks: ``df.ticks``.

    It works on what ``Query.to_pandas()`` returns for ``tick_data``, of one or many symbols and days, with any
    ``dtype_backend``, with or without a time zone. A frame of ``to_pandas(index=None)`` works by its columns
    ``date`` and ``time``. Rows may stand in any order; those of one symbol and time keep theirs. A frame is never
    changed.

    Prices and turnover are in the instrument's currency, sizes and volumes in shares (or contracts). Every trade of
    the frame counts that has a price, whatever its condition: ``flags=["EXCLUDE_CANCELLED_TRADES",
    "APPLY_TRADE_CORRECTIONS"]`` asks for what was left in the end. A null size counts as 0.

    Results have the frame's backend: prices are float64, Float64 or double[pyarrow], counts and volumes Int64 or
    int64[pyarrow]. They carry the frame's ``attrs``, which say when parts of the answer failed.

    Parameters
    ----------
    frame
        The ticks.

    Raises
    ------
    ValueError
        By any method: if a column that it needs is missing, a row has no symbol or no timestamp, or a size is below 0
        or no integer.

    Examples
    --------
    >>> import pandas as pd
    >>> import tickframe
    >>> trades = pd.DataFrame(
    ...     {"symbol": "ZAL.XE", "trade": [48.5, 48.6, 48.4], "trade_size": [100, 50, 200]},
    ...     index=pd.to_datetime(["2016-05-05 09:00:00", "2016-05-05 09:00:30", "2016-05-05 09:02:00"]),
    ... )
    >>> trades.ticks.bars("1min")["volume"].tolist()
    [150, 0, 200]
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def bars(
        self, frequency: Frequency | None = None, *, volume: int | None = None, dollar: float | None = None
    ) -> pd.DataFrame:
        """Summarize trades by time, by volume or by turnover.

        Parameters
        ----------
        frequency
            A pandas offset or length of time from ``"1ns"`` to ``"1D"``: time bars. Bins are counted anew from each
            midnight of the frame's time zone, in time that passes, and the day's end closes the last. A bin holds
            its start and not its end.
        volume
            Shares, from 1 on: volume bars. A bar closes with the trade that brings the volume of its symbol and day
            to a multiple of ``volume`` or past it. Trades are not split: what is over counts towards the next bar,
            and the day's last bar may hold less.
        dollar
            Turnover (price times size) in the instrument's currency, above 0: dollar bars, closed alike.

        Returns
        -------
        pandas.DataFrame
            A row a bar, symbol by symbol as these first appear, in the order of time. The index is a
            ``DatetimeIndex`` in nanoseconds named ``timestamp``: the end of a time bin, as in ``tick_aggregated``, or
            the time of the last trade of a volume or dollar bar. Columns:

            ===============================  ====================================================
            ``symbol``                       the symbol, as in the frame
            ``open, high, low, close``       first, highest, lowest and last price
            ``trade_count``                  how many trades
            ``volume``                       the sum of their sizes, exact
            ``vwap``                         the volume-weighted average price, null without volume
            ===============================  ====================================================

            Time bins without trades, between a day's first and last trade, are there too: prices are null, counts 0.
            There is none before a day's first trade nor behind its last.

        Raises
        ------
        ValueError
            If not exactly one of the three is given, one is out of its range, or ``dollar`` meets a price below 0.

        See Also
        --------
        tickframe.Client.tick_aggregated : Time bars made by the service. It answers every bin of the window, and
            counts a trade at the very end of the window to the last bin.

        Notes
        -----
        Bars over many days are the days' bars one after another, however much is loaded at a time. Volume and dollar
        bars: M. López de Prado, *Advances in Financial Machine Learning* (2018), section 2.3.

        Examples
        --------
        >>> import pandas as pd
        >>> import tickframe
        >>> trades = pd.DataFrame(
        ...     {"symbol": "ZAL.XE", "trade": [48.5, 48.6, 48.4], "trade_size": [100, 50, 200]},
        ...     index=pd.to_datetime(["2016-05-05 09:00:00", "2016-05-05 09:00:30", "2016-05-05 09:02:00"]),
        ... )
        >>> trades.ticks.bars("1min")[["open", "close", "trade_count", "volume"]]
                             open  close  trade_count  volume
        timestamp
        2016-05-05 09:01:00  48.5   48.6            2     150
        2016-05-05 09:02:00   NaN    NaN            0       0
        2016-05-05 09:03:00  48.4   48.4            1     200
        >>> trades.ticks.bars(volume=150)["volume"].tolist()
        [150, 200]
        >>> trades.ticks.bars(dollar=7_000)["volume"].tolist()
        [150, 200]
        """
        if frequency is not None and volume is None and dollar is None:
            return time_bars(self._frame, frequency)
        if volume is not None and frequency is None and dollar is None:
            return volume_bars(self._frame, volume)
        if dollar is not None and frequency is None and volume is None:
            return dollar_bars(self._frame, dollar)
        raise ValueError(
            "bars() takes a frequency, volume= or dollar=, and one of them: "
            "bars('1min'), bars(volume=10_000) or bars(dollar=1_000_000)"
        )

    def vwap(self) -> pd.Series[float]:
        """Average the price of each symbol over all its trades in the frame, weighted by size.

        Returns
        -------
        pandas.Series
            The sum of price times size over the sum of sizes, in the instrument's currency, for each symbol of the
            frame as these first appear; null where there was no volume. The index is named ``symbol``.

        See Also
        --------
        bars : ``bars("1D")["vwap"]`` has one for each day.

        Examples
        --------
        >>> import pandas as pd
        >>> import tickframe
        >>> trades = pd.DataFrame(
        ...     {"symbol": ["ZAL.XE", "ADS.XE", "ZAL.XE"], "trade": [48.0, 120.5, 49.0], "trade_size": [100, 10, 300]},
        ...     index=pd.to_datetime(["2016-05-05 09:00:00", "2016-05-05 09:00:30", "2016-05-05 09:02:00"]),
        ... )
        >>> trades.ticks.vwap()
        symbol
        ZAL.XE     48.75
        ADS.XE    120.50
        Name: vwap, dtype: float64
        """
        return vwap(self._frame)

    def spread(self) -> pd.Series[float]:
        """Return ask less bid of each row, in the instrument's currency.

        Returns
        -------
        pandas.Series
            On the frame's index; null where a side is, negative where the book is crossed.

        Examples
        --------
        In basis points of the middle:

        >>> import pandas as pd
        >>> import tickframe
        >>> quotes = pd.DataFrame(
        ...     {"symbol": "ZAL.XE", "bid": [48.0, None], "ask": [48.5, 48.5]},
        ...     index=pd.to_datetime(["2016-05-05 09:00:00", "2016-05-05 09:00:30"]),
        ... )
        >>> quotes.ticks.spread().tolist()
        [0.5, nan]
        >>> (quotes.ticks.spread() / quotes.ticks.mid() * 10_000).round(1).tolist()
        [103.6, nan]
        """
        return spread(self._frame)

    def mid(self) -> pd.Series[float]:
        """Return the middle of bid and ask of each row, in the instrument's currency.

        Returns
        -------
        pandas.Series
            On the frame's index; null where a side is.

        Examples
        --------
        >>> import pandas as pd
        >>> import tickframe
        >>> quotes = pd.DataFrame(
        ...     {"symbol": "ZAL.XE", "bid": [48.0, None], "ask": [48.5, 48.5]},
        ...     index=pd.to_datetime(["2016-05-05 09:00:00", "2016-05-05 09:00:30"]),
        ... )
        >>> quotes.ticks.mid().tolist()
        [48.25, nan]
        """
        return mid(self._frame)

    def join_quotes(self, quotes: pd.DataFrame) -> pd.DataFrame:
        """Add to each row the quote that stood at its time: the last of its symbol at or before it.

        Parameters
        ----------
        quotes
            A frame of quotes of any symbols, as ``data_type="QUOTES"`` answers. Its rows may stand in any order; of
            several at one time, the last in the frame is the one that stood. Times are compared to the nanosecond.

        Returns
        -------
        pandas.DataFrame
            The frame, rows and index as they are, with the columns ``bid``, ``bid_size``, ``ask`` and ``ask_size`` of
            the quotes, in their dtypes and their order; null where no quote was yet. A quote with one side only is
            taken as it is: the other side is null.

        Raises
        ------
        ValueError
            If the frame has one of the columns already, the quotes lack one, or one of both has a time zone and the
            other has none.

        See Also
        --------
        tickframe.Client.tick_data : ``data_type="TRADES_AND_QUOTES"`` answers the same for each day by itself; here a
            quote of an earlier day still stands.

        Examples
        --------
        >>> import pandas as pd
        >>> import tickframe
        >>> trades = pd.DataFrame(
        ...     {"symbol": "ZAL.XE", "trade": [48.5, 48.6]},
        ...     index=pd.to_datetime(["2016-05-05 09:00:00", "2016-05-05 09:00:30"]),
        ... )
        >>> quotes = pd.DataFrame(
        ...     {"symbol": "ZAL.XE", "bid": [48.4, 48.5], "bid_size": [10, 20], "ask": [48.6, 48.7], "ask_size": 30},
        ...     index=pd.to_datetime(["2016-05-05 09:00:10", "2016-05-05 09:00:30"]),
        ... )
        >>> trades.ticks.join_quotes(quotes)["bid"].tolist()
        [nan, 48.5]
        """
        return join_quotes(self._frame, quotes)

    def plot(
        self, quotes: pd.DataFrame | None = None, *, title: str | None = None, currency: str | None = None
    ) -> Figure:
        r"""Draw price, spread and volume of one symbol over one time axis.

        Drawn is what there is: trades as dots and, summed up in equal bins, their volume; bid to ask as a band and,
        as the median of equal bins, their distance in basis points of the middle. The bins fit the time that is
        drawn, and the labels name them.

        Parameters
        ----------
        quotes
            The quotes to draw, of the same symbol; left out, the frame's own ``bid`` and ``ask``, if it has them.
        title
            What stands above; left out, the symbol and the days.
        currency
            The unit of prices, such as ``"EUR"``.

        Returns
        -------
        matplotlib.figure.Figure
            800 pixels wide at its own resolution. A notebook shows it; ``savefig("day.png", dpi=200)`` writes it.

        Raises
        ------
        SettingsError
            If Matplotlib is not installed.
        ValueError
            If there is nothing to draw, or more than one symbol.

        Examples
        --------
        >>> import pandas as pd
        >>> import tickframe
        >>> trades = pd.DataFrame(
        ...     {"symbol": "ZAL.XE", "trade": [48.5, 48.6, 48.4], "trade_size": [100, 50, 200]},
        ...     index=pd.to_datetime(["2016-05-05 09:00:00", "2016-05-05 09:00:30", "2016-05-05 09:02:00"]),
        ... )
        >>> figure = trades.ticks.plot(currency="EUR")
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['Price (EUR)', 'Volume\n(shares\nin 1 s)']
        """
        with needs_extra("plot", "plot()"):
            from tickframe.accessor.plot import draw  # noqa: PLC0415
        return draw(self._frame, quotes, title=title, currency=currency)
