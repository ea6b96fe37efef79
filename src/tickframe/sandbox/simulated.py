"""A simulated market: the same seed has the same ticks in every process."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import pyarrow as pa

from tickframe.sandbox.directory import FIRST_DAY, INSTRUMENTS, exchanges_table, symbols_table
from tickframe.sandbox.market import TradeCondition
from tickframe.sandbox.session import CONDITIONS, Session, simulate_session

__all__ = ["SimulatedMarket"]

# About 4 MB each.
_SESSIONS_IN_MEMORY = 24

_SATURDAY = 5


class SimulatedMarket:
    """Listed instruments trade every weekday from 2010-01-01 to yesterday (UTC).

    Parameters
    ----------
    seed
        Which market.
    """

    sources = ("ACTIV", "SIMULATED")

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._session = lru_cache(_SESSIONS_IN_MEMORY)(self._simulate)

    def exchanges(self) -> pa.Table:
        """Return one row per exchange."""
        return exchanges_table(_yesterday())

    def symbols(self) -> pa.Table:
        """Return one row per listed instrument, ordered by symbol."""
        return symbols_table(_yesterday())

    def lists(self, symbol: str) -> bool:
        """Tell whether the symbol is listed."""
        return symbol in INSTRUMENTS

    def condition(self, code: str) -> TradeCondition:
        """Return what a trade condition means."""
        return CONDITIONS[code]

    def trades(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return one day's trades; None on a weekend and outside the market's days."""
        return self._session(symbol, day).trades if self._trades_on(symbol, day) else None

    def quotes(self, symbol: str, day: dt.date) -> pa.Table | None:
        """Return one day's quotes; None on a weekend and outside the market's days."""
        return self._session(symbol, day).quotes if self._trades_on(symbol, day) else None

    def _trades_on(self, symbol: str, day: dt.date) -> bool:
        return self.lists(symbol) and FIRST_DAY <= day <= _yesterday() and day.weekday() < _SATURDAY

    def _simulate(self, symbol: str, day: dt.date) -> Session:
        return simulate_session(INSTRUMENTS[symbol], day, self._seed)


def _yesterday() -> dt.date:
    return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
