"""What sums up a day: bars, auctions, settlements, status."""

from __future__ import annotations

from collections.abc import Iterable

from tickframe.arguments import Day
from tickframe.functions.documented import QueryMethods, documented
from tickframe.query import Query

__all__ = ["DayMethods"]


class DayMethods(QueryMethods):
    """Bars, auctions, settlements and status of whole days."""

    @documented
    def auction_data(self, source: str, symbols: str | Iterable[str], day: Day | tuple[Day, Day]) -> Query:
        """Ask for auctions: indications, imbalances and uncrossings.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several; they travel in one request.
        day
            One day, or a pair of the first and the last, both included; each calendar day is one
            request.
        """
        return self._query("auction_data", source=source, symbols=symbols, day=day)

    @documented
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
        """
        return self._query("end_of_day", source=source, symbols=symbols, first_day=first_day, last_day=last_day)

    @documented
    def settlement_prices(self, source: str, symbols: str | Iterable[str], first_day: Day, last_day: Day) -> Query:
        """Ask for the settlement prices of derivatives.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several; they travel in one request.
        first_day, last_day
            The first and the last day, both included.
        """
        return self._query("settlement_prices", source=source, symbols=symbols, first_day=first_day, last_day=last_day)

    @documented
    def instrument_status(self, source: str, symbols: str | Iterable[str], day: Day | tuple[Day, Day]) -> Query:
        """Ask for the status of instruments through the session.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several; they travel in one request.
        day
            One day, or a pair of the first and the last, both included; each calendar day is one
            request.
        """
        return self._query("instrument_status", source=source, symbols=symbols, day=day)
