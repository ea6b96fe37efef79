"""The methods of ``df.ticks``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tickframe.accessor.bars import Frequency, Label, dollar_bars, time_bars, volume_bars
from tickframe.accessor.quotes import join_quotes, mid, spread
from tickframe.accessor.trades import vwap
from tickframe.extras import needs_extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class TickAccessor:
    """Bars, averages, spreads, as-of joins and plots of a frame of ticks: ``df.ticks``.

    It works on the result of ``Query.to_pandas()`` for ``tick_data``, for any number of symbols and days, with any
    ``dtype_backend``, with or without a time zone. For ``to_pandas(index=None)``, it uses the columns ``date`` and
    ``time``. Rows can be in any order; those of the same symbol and time keep their order. The frame is never
    modified.

    Prices and turnover are in the currency of the instrument, sizes and volumes in shares (or contracts). Every trade
    with a price counts, whatever its condition; to exclude cancelled trades and apply corrections, load with
    ``flags=["EXCLUDE_CANCELLED_TRADES", "APPLY_TRADE_CORRECTIONS"]``. A null size counts as 0. A row without a price,
    as ``TRADES_AND_QUOTES`` may have for each quote, is not a trade and does not count; its quote does.

    Results use the backend of the frame: prices are float64, Float64 or double[pyarrow], counts and volumes Int64 or
    int64[pyarrow]. They keep the ``attrs`` of the frame, which tell if parts of the query failed.

    Parameters
    ----------
    frame
        The ticks.

    Raises
    ------
    ValueError
        By any method, if a required column is missing, a row has no symbol or no timestamp, or a size is negative or
        not an integer.

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
        self,
        frequency: Frequency | None = None,
        *,
        volume: int | None = None,
        dollar: float | None = None,
        label: Label | None = None,
    ) -> pd.DataFrame:
        """Summarize trades by time, volume or turnover.

        Parameters
        ----------
        frequency
            Size of time bars: a pandas offset or a timedelta from ``"1ns"`` to ``"1D"``. Bins restart at each midnight
            in the time zone of the frame and have equal lengths in elapsed time, but the last bin ends with the day. A
            bin includes its start and excludes its end. ``"1D"`` and a timedelta of one day are a bar for each day,
            even if it has 23 or 25 hours.
        volume
            Size of volume bars in shares, at least 1. A bar closes with the trade that brings the volume of its symbol
            and day to a multiple of ``volume`` or past it. Trades are not split: the excess counts towards the next
            bar. The last bar of a day can be smaller.
        dollar
            Size of dollar bars as turnover (price times size) in the currency of the instrument, above 0. They close
            like volume bars. Sums are exact, of prices as they are printed: ten trades of one share at 0.1 reach 1.0.
        label
            Timestamp of a time bar: the ``"start"`` or the ``"end"`` of its bin. The default is the end, as in
            ``tick_aggregated``; for ``"1D"`` it is the start, which is the day itself, as in ``end_of_day`` and in
            pandas' ``resample("1D")``. With ``"end"``, a day has the timestamp of the next midnight.

        Returns
        -------
        pandas.DataFrame
            A row for each bar, by symbol in the order of the query, then by time. The index is a ``DatetimeIndex`` in
            nanoseconds named ``timestamp``: the end or the start of a time bin (see ``label``), or the time of the last
            trade of a volume or dollar bar. Columns:

            ===============================  ====================================================
            ``symbol``                       symbol, as in the frame
            ``open, high, low, close``       first, highest, lowest and last price
            ``trade_count``                  number of trades
            ``volume``                       sum of sizes, exact
            ``vwap``                         volume-weighted average price, null without volume
            ===============================  ====================================================

            Time bins without trades are included between the first and the last trade of a day, with null prices and
            0 counts. There are no bins before the first trade of a day or after the last.

        Raises
        ------
        ValueError
            If not exactly one of the three sizes is given, if it is out of range, if ``label`` is unknown or given
            without ``frequency``, or if ``dollar`` is given and a price is negative or infinite.

        See Also
        --------
        tickframe.Client.tick_aggregated : Time bars computed by the service. It returns every bin of the requested
            times, and counts a trade at their very end in the last bin.
        tickframe.Client.end_of_day : The official prices of each day.

        Notes
        -----
        Bins restart at midnight, so loading more days never changes a bar. For volume and dollar bars, see M. López de
        Prado, *Advances in Financial Machine Learning* (2018), section 2.3.

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
        >>> trades.ticks.bars("1D").index.tolist()
        [Timestamp('2016-05-05 00:00:00')]
        >>> trades.ticks.bars(volume=150)["volume"].tolist()
        [150, 200]
        >>> trades.ticks.bars(dollar=7_000)["volume"].tolist()
        [150, 200]
        """
        if sum(size is None for size in (frequency, volume, dollar)) == 2:
            if frequency is not None:
                return time_bars(self._frame, frequency, label)
            if label is not None:
                raise ValueError(
                    f"label={label!r} is only for bars of a frequency: the timestamp of a volume or dollar bar is that "
                    "of its last trade"
                )
            if volume is not None:
                return volume_bars(self._frame, volume)
            if dollar is not None:
                return dollar_bars(self._frame, dollar)
        raise ValueError(
            "bars() takes exactly one of a frequency, volume= and dollar=, such as bars('1min'), bars(volume=10_000) "
            "or bars(dollar=1_000_000)"
        )

    def vwap(self) -> pd.Series[float]:
        """Compute the volume-weighted average price of each symbol over all its trades.

        Returns
        -------
        pandas.Series
            The sum of price times size over the sum of sizes, in the currency of the instrument; null without volume.
            The index, named ``symbol``, has the symbols of the frame in the order of the query.

        See Also
        --------
        bars : ``bars("1D")["vwap"]`` has an average for each day.

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
        """Compute ask minus bid of each row, in the currency of the instrument.

        Returns
        -------
        pandas.Series
            On the index of the frame; null if bid or ask is, negative if the book is crossed.

        Examples
        --------
        In basis points of the mid:

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
        """Compute the mean of bid and ask of each row, in the currency of the instrument.

        Returns
        -------
        pandas.Series
            On the index of the frame; null if bid or ask is.

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
        """Add the prevailing quote to each row: the last quote of its symbol at or before its time.

        Parameters
        ----------
        quotes
            Quotes of any symbols, loaded with ``data_type="QUOTES"``, in any order; of several at the same time, the
            last in the frame prevails. Times are compared in nanoseconds.

        Returns
        -------
        pandas.DataFrame
            The rows and the index of the frame, with the columns ``bid``, ``bid_size``, ``ask`` and ``ask_size`` in
            the dtypes and the order of the quotes; null before the first quote. A one-sided quote is used as it is,
            with nulls on the other side.

        Raises
        ------
        ValueError
            If the frame already has one of the columns, if the quotes lack one, or if only one of the two has a time
            zone.

        See Also
        --------
        tickframe.Client.tick_data : ``data_type="TRADES_AND_QUOTES"`` returns the same for each day by itself; here,
            a quote of an earlier day can prevail.

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
        r"""Plot price, spread and volume of one symbol over a common time axis.

        Trades are dots, with a panel for their volume in equal bins. Quotes are a band from bid to ask, with a panel
        for the median spread in equal bins, in basis points of the mid. Bin sizes depend on the time span and are
        part of the labels.

        Parameters
        ----------
        quotes
            Quotes of the same symbol; if omitted, the columns ``bid`` and ``ask`` of the frame are used if it has them.
        title
            Title; the symbol and the days by default.
        currency
            Unit of prices, such as ``"EUR"``.

        Returns
        -------
        matplotlib.figure.Figure
            800 pixels wide by default. Notebooks show it; ``savefig("day.png", dpi=200)`` writes it to a file.

        Raises
        ------
        SettingsError
            If Matplotlib is not installed.
        ValueError
            If there is nothing to plot, or more than one symbol.

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
