"""What there is: sources, exchanges, symbols."""

from __future__ import annotations

from collections.abc import Iterable

from tickframe.arguments import Day
from tickframe.functions.documented import QueryMethods, documented
from tickframe.query import Query

__all__ = ["LookupMethods"]


class LookupMethods(QueryMethods):
    """Sources, exchanges and symbols."""

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
            Only what has data between these days, both included.
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
