"""The documented functions of the service as methods, with their documented names and parameters."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TypeVar

from tickframe.catalogue import FUNCTIONS, ChainType, Column, Function, TickDataFlag, TickDataType
from tickframe.plan.arguments import Day, TimeOfDay
from tickframe.query import Query

_Method = TypeVar("_Method", bound=Callable[..., Query])


def documented(method: _Method) -> _Method:
    """Complete a method's docstring with the columns that the catalogue documents for its function."""
    if method.__doc__ is not None:
        lines = [inspect.cleandoc(method.__doc__), "", *_sections(FUNCTIONS[method.__name__])]
        method.__doc__ = "\n".join(lines)
    return method


def _sections(function: Function) -> Iterable[str]:
    yield from ("Returns", "-------", "Query", "    With the columns", "")
    for column in ([function.symbol_column] if function.symbol_column is not None else []) + [*function.columns]:
        yield from _description(column)
    for instrument_type, columns in function.instrument_columns.items():
        yield from ("", f"    and for {instrument_type.replace('_', ' ')}", "")
        for column in columns:
            yield from _description(column)
    yield from ("", "Raises", "------", "ValueError", "    If an argument is wrong; nothing was sent.")


def _description(column: Column) -> Iterable[str]:
    only = "" if len(column.data_types) == len(TickDataType) else f" (only {', '.join(sorted(column.data_types))})"
    yield f"    * ``{column.name}``, {column.kind.value}: {column.description}{only}"


class DocumentedFunctions(ABC):
    """A method for each documented function; each returns a query and sends nothing."""

    @abstractmethod
    def _query(self, name: str, **arguments: object) -> Query:
        """Return the query of a documented function, its arguments checked."""

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
        """Query trades, quotes, or trades with the prevailing quotes.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbol
            One symbol or several.
        day
            One day (``"2016-05-05"``, ``"2016.05.05"``, a date, a midnight), or a tuple of the first
            and the last, both included. Each symbol and calendar day is one request, day by day.
        data_type
            ``"TRADES"``, ``"QUOTES"`` or ``"TRADES_AND_QUOTES"``. A data type that this version does not know is sent
            with a warning, and its own columns are kept as they come; one that is nearly a known name is an error.
        from_time, to_time
            Times of day (``"09:00"``, down to ``"09:00:00.000000001"``), both included.
        flags
            Members or names of :class:`TickDataFlag`. The name of a flag that this version does not know is sent with
            a warning.
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
        """Query bars: a row for each time bin, including bins without ticks.

        Parameters
        ----------
        source, symbol, day, data_type, from_time, to_time, flags
            As in :meth:`tick_data`.
        bin_size
            Length of a bin in seconds; by default the service's, one minute.
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
        """Query the last trade and the prevailing quote of each symbol as of a time.

        Parameters
        ----------
        source, day, data_type, flags
            As in :meth:`tick_data`; each calendar day is one request.
        symbols
            One symbol or several, in one request.
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
        """Query the order stream: every event of every order.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several, in one request.
        day
            One day, or a tuple of the first and the last, both included; each calendar day is one
            request.
        from_time, to_time
            Times of day, both included.
        """
        return self._query("order_data", source=source, symbols=symbols, day=day, from_time=from_time, to_time=to_time)

    @documented
    def auction_data(self, source: str, symbols: str | Iterable[str], day: Day | tuple[Day, Day]) -> Query:
        """Query auctions: indications, imbalances and uncrossings.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several.
        day
            One day, or a tuple of the first and the last, both included. Each symbol and calendar day
            is one request, day by day: responses do not have the symbol, so it is added from the request.
        """
        return self._query("auction_data", source=source, symbols=symbols, day=day)

    @documented
    def end_of_day(self, source: str, symbols: str | Iterable[str], first_day: Day, last_day: Day) -> Query:
        """Query one bar a day.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several, in one request.
        first_day, last_day
            The first and the last day, both included.
        """
        return self._query("end_of_day", source=source, symbols=symbols, first_day=first_day, last_day=last_day)

    @documented
    def settlement_prices(self, source: str, symbols: str | Iterable[str], first_day: Day, last_day: Day) -> Query:
        """Query the settlement prices of derivatives.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several, in one request.
        first_day, last_day
            The first and the last day, both included.
        """
        return self._query("settlement_prices", source=source, symbols=symbols, first_day=first_day, last_day=last_day)

    @documented
    def instrument_status(self, source: str, symbols: str | Iterable[str], day: Day | tuple[Day, Day]) -> Query:
        """Query the status of instruments through the session.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several, in one request.
        day
            One day, or a tuple of the first and the last, both included; each calendar day is one
            request.
        """
        return self._query("instrument_status", source=source, symbols=symbols, day=day)

    @documented
    def reference_data(
        self,
        source: str,
        symbols: str | Iterable[str],
        day: Day | tuple[Day, Day],
        *,
        instrument_type: str | None = None,
    ) -> Query:
        """Query reference data.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several, in one request.
        day
            One day, or a tuple of the first and the last, both included; each calendar day is one
            request.
        instrument_type
            ``"equities"``, ``"futures"``, ``"options"`` or ``"future_options"``: it adds columns. By default
            columns of all types are accepted.
        """
        return self._query("reference_data", source=source, symbols=symbols, day=day, instrument_type=instrument_type)

    @documented
    def tick_rules(self, source: str, symbols: str | Iterable[str], day: Day | tuple[Day, Day]) -> Query:
        """Query the tick sizes of prices.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several, in one request.
        day
            One day, or a tuple of the first and the last, both included; each calendar day is one
            request.
        """
        return self._query("tick_rules", source=source, symbols=symbols, day=day)

    @documented
    def chain(
        self,
        source: str,
        symbol: str | Iterable[str],
        exchange: str,
        day: Day | tuple[Day, Day],
        *,
        chain_type: ChainType | str,
    ) -> Query:
        """Query the members of an option chain or a future chain.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbol
            One stem or underlying, or several; each is a request.
        exchange
            The exchange, such as ``"NYMEX"``.
        day
            One day, or a tuple of the first and the last, both included; each calendar day is one
            request.
        chain_type
            ``"OPTIONS"``, ``"FUTURES"`` or ``"FUTURE_OPTIONS"``.
        """
        return self._query("chain", source=source, symbol=symbol, exchange=exchange, day=day, chain_type=chain_type)

    @documented
    def lookup_sources(self) -> Query:
        """Look up the data sources."""
        return self._query("lookup_sources")

    @documented
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
            Only those with data between these days, both included.
        """
        return self._query(
            "lookup_exchanges",
            source=source,
            exchange_filters=exchange_filters,
            first_day=first_day,
            last_day=last_day,
        )

    @documented
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
        item_type_filters: str | Iterable[str] | None = None,
    ) -> Query:
        """Look up the instruments of a source, all pages.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        pattern
            Text to search for in names and codes.
        exchange_filters, region_filters, entity_class_filters
            Only these exchanges, regions or classes.
        first_day, last_day
            Only those with data between these days, both included.
        page_limit
            Rows of a page; by default the service's. All pages are read whatever their size.
        cursor
            Start after this cursor of an earlier response.
        item_type_filters
            Only these members or names of :class:`tickframe.ItemType`, as in earlier versions of the contract.
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
            item_type_filters=item_type_filters,
        )
