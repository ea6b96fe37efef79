"""Events of a session, and sums of them: ticks, bars, snapshots, orders."""

from __future__ import annotations

from collections.abc import Iterable

from tickframe.arguments import Day, TimeOfDay
from tickframe.catalogue import TickDataFlag, TickDataType
from tickframe.functions.documented import QueryMethods, documented
from tickframe.query import Query

__all__ = ["TickMethods"]


class TickMethods(QueryMethods):
    """Ticks, bars, snapshots and orders."""

    @documented
    def tick_data(
        self,
        source: str,
        symbol: str | Iterable[str],
        day: Day | tuple[Day, Day],
        *,
        data_type: TickDataType | str,
        from_time: TimeOfDay | None = None,
        to_time: TimeOfDay | None = None,
        flags: Iterable[TickDataFlag | str] | None = None,
    ) -> Query:
        """Ask for trades, quotes, or trades with the quotes that stood at their times.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbol
            One symbol or several.
        day
            One day (``"2016-05-05"``, ``"2016.05.05"``, a date, a midnight), or a pair of the first
            and the last, both included. Each symbol and calendar day is one request, day by day.
        data_type
            ``"TRADES"``, ``"QUOTES"`` or ``"TRADES_AND_QUOTES"``.
        from_time, to_time
            Times of day (``"09:00"``, down to ``"09:00:00.000000001"``), both included.
        flags
            Members or names of :class:`TickDataFlag`.
        """
        return self._query(
            "tick_data",
            source=source,
            symbol=symbol,
            day=day,
            data_type=data_type,
            from_time=from_time,
            to_time=to_time,
            flags=flags,
        )

    @documented
    def tick_aggregated(
        self,
        source: str,
        symbol: str | Iterable[str],
        day: Day | tuple[Day, Day],
        *,
        data_type: TickDataType | str,
        from_time: TimeOfDay | None = None,
        to_time: TimeOfDay | None = None,
        bin_size: int | None = None,
        flags: Iterable[TickDataFlag | str] | None = None,
    ) -> Query:
        """Ask for bars: a row for each bin of time, those without ticks included.

        Parameters
        ----------
        source, symbol, day, data_type, from_time, to_time, flags
            As in :meth:`tick_data`.
        bin_size
            Length of a bin in seconds; left out, the service's own: one minute.
        """
        return self._query(
            "tick_aggregated",
            source=source,
            symbol=symbol,
            day=day,
            data_type=data_type,
            from_time=from_time,
            to_time=to_time,
            bin_size=bin_size,
            flags=flags,
        )

    @documented
    def tick_snapshot(
        self,
        source: str,
        symbols: str | Iterable[str],
        day: Day | tuple[Day, Day],
        *,
        data_type: TickDataType | str,
        time: TimeOfDay,
        flags: Iterable[TickDataFlag | str] | None = None,
    ) -> Query:
        """Take the last trade and the quote of each symbol as of a time.

        Parameters
        ----------
        source, day, data_type, flags
            As in :meth:`tick_data`; each calendar day is one request.
        symbols
            One symbol or several; they travel in one request.
        time
            The time of day, included.
        """
        return self._query(
            "tick_snapshot", source=source, symbols=symbols, day=day, data_type=data_type, time=time, flags=flags
        )

    @documented
    def order_data(
        self,
        source: str,
        symbols: str | Iterable[str],
        day: Day | tuple[Day, Day],
        *,
        from_time: TimeOfDay | None = None,
        to_time: TimeOfDay | None = None,
    ) -> Query:
        """Ask for the order stream: every event of every order.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several; they travel in one request.
        day
            One day, or a pair of the first and the last, both included; each calendar day is one
            request.
        from_time, to_time
            Times of day, both included.
        """
        return self._query("order_data", source=source, symbols=symbols, day=day, from_time=from_time, to_time=to_time)
