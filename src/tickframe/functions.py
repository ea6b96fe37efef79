"""The documented functions of the service as methods."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from tickframe.arguments import Day, TimeOfDay
from tickframe.catalogue import TickDataFlag, TickDataType
from tickframe.query import Query

__all__ = ["DocumentedFunctions"]


class DocumentedFunctions(ABC):
    """A method for each documented function, with its documented name and parameters."""

    @abstractmethod
    def _query(self, name: str, **arguments: object) -> Query:
        """Return the query of a documented function; its arguments are still to be checked."""

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

        Returns
        -------
        Query
            Columns ``symbol``, ``date``, ``time``; for trades ``trade``, ``trade_size``,
            ``trade_condition``; for quotes ``ask``, ``ask_size``, ``bid``, ``bid_size``.

        Raises
        ------
        ValueError
            If an argument is wrong; nothing was sent.
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

        Returns
        -------
        Query
            Columns ``symbol``, ``date``, ``time`` (the end of the bin); for trades ``open``,
            ``high``, ``low``, ``close``, ``trade_count``, ``volume``, ``trade_condition`` (of the
            last trade); for quotes ``bid``, ``bid_size``, ``ask``, ``ask_size`` as they stood at
            the end of the bin.

        Raises
        ------
        ValueError
            If an argument is wrong; nothing was sent.
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

        Returns
        -------
        Query
            Columns as :meth:`tick_data`, with ``bid`` and ``bid_size`` before ``ask`` and ``ask_size``.

        Raises
        ------
        ValueError
            If an argument is wrong; nothing was sent.
        """
        return self._query(
            "tick_snapshot", source=source, symbols=symbols, day=day, data_type=data_type, time=time, flags=flags
        )

    def end_of_day(self, source: str, symbols: str | Iterable[str], first_day: Day, last_day: Day) -> Query:
        """Ask for one bar a day.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several; they travel in one request.
        first_day, last_day
            The first and the last day, both included.

        Returns
        -------
        Query
            Columns ``symbol``, ``date``, ``open``, ``high``, ``low``, ``close``, ``trade_count``,
            ``volume``.

        Raises
        ------
        ValueError
            If an argument is wrong; nothing was sent.
        """
        return self._query("end_of_day", source=source, symbols=symbols, first_day=first_day, last_day=last_day)

    def lookup_sources(self) -> Query:
        """Look up the data sources.

        Returns
        -------
        Query
            Column ``source``.
        """
        return self._query("lookup_sources")

    def lookup_exchanges(
        self,
        source: str,
        *,
        exchange_filters: str | Iterable[str] | None = None,
        first_day: Day | None = None,
        last_day: Day | None = None,
    ) -> Query:
        """Look up the exchanges of a source.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        exchange_filters
            Only these exchanges.
        first_day, last_day
            Only what has data between these days, both included.

        Returns
        -------
        Query
            Columns ``source``, ``region``, ``exchange``, ``name``, ``abbreviation``, ``first_day``,
            ``last_day``, ``feeds`` (a list of strings).

        Raises
        ------
        ValueError
            If an argument is wrong; nothing was sent.
        """
        return self._query(
            "lookup_exchanges",
            source=source,
            exchange_filters=exchange_filters,
            first_day=first_day,
            last_day=last_day,
        )

    def lookup_symbols(
        self,
        source: str,
        pattern: str | None = None,
        *,
        exchange_filters: str | Iterable[str] | None = None,
        region_filters: str | Iterable[str] | None = None,
        entity_class_filters: str | Iterable[str] | None = None,
        first_day: Day | None = None,
        last_day: Day | None = None,
        page_limit: int | None = None,
        cursor: str | None = None,
    ) -> Query:
        """Look up the instruments of a source, all pages.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        pattern
            What to look for in names and codes.
        exchange_filters, region_filters, entity_class_filters
            Only these exchanges, regions or classes.
        first_day, last_day
            Only what has data between these days, both included.
        page_limit
            Rows of a page; left out, the service's own. All pages are read whatever their size.
        cursor
            Start behind this place, as an earlier answer named it.

        Returns
        -------
        Query
            Columns ``source``, ``region``, ``exchange``, ``symbol``, ``name``, ``isin``,
            ``local_code``, ``currency``, ``market_segment``, ``entity_class``, ``first_day``,
            ``last_day``.

        Raises
        ------
        ValueError
            If an argument is wrong; nothing was sent.
        """
        return self._query(
            "lookup_symbols",
            source=source,
            pattern=pattern,
            exchange_filters=exchange_filters,
            region_filters=region_filters,
            entity_class_filters=entity_class_filters,
            first_day=first_day,
            last_day=last_day,
            page_limit=page_limit,
            cursor=cursor,
        )
