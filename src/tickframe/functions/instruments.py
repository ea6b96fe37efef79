"""Facts about instruments: reference data, tick rules, chains."""

from __future__ import annotations

from collections.abc import Iterable

from tickframe.arguments import Day
from tickframe.catalogue import ChainType
from tickframe.functions.documented import QueryMethods, documented
from tickframe.query import Query

__all__ = ["InstrumentMethods"]


class InstrumentMethods(QueryMethods):
    """Reference data, tick rules and chains."""

    @documented
    def reference_data(
        self,
        source: str,
        symbols: str | Iterable[str],
        day: Day | tuple[Day, Day],
        *,
        instrument_type: str | None = None,
    ) -> Query:
        """Ask for reference data.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbols
            One symbol or several; they travel in one request.
        day
            One day, or a pair of the first and the last, both included; each calendar day is one
            request.
        instrument_type
            ``"equities"``, ``"futures"``, ``"options"`` or ``"future_options"``: it adds columns. Left out,
            columns of any type are taken as they come.
        """
        return self._query("reference_data", source=source, symbols=symbols, day=day, instrument_type=instrument_type)

    @documented
    def tick_rules(self, source: str, symbols: str | Iterable[str], day: Day | tuple[Day, Day]) -> Query:
        """Ask for the least steps of prices.

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
        """Ask for the members of an option chain or a future chain.

        Parameters
        ----------
        source
            The data source, such as ``"ACTIV"``.
        symbol
            One stem or underlying, or several; each is a request.
        exchange
            The exchange, such as ``"NYMEX"``.
        day
            One day, or a pair of the first and the last, both included; each calendar day is one
            request.
        chain_type
            ``"OPTIONS"``, ``"FUTURES"`` or ``"FUTURE_OPTIONS"``.
        """
        return self._query("chain", source=source, symbol=symbol, exchange=exchange, day=day, chain_type=chain_type)
