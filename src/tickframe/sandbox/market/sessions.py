"""One simulated session: a price, quotes around it, trades on the quotes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tickframe.sandbox.market.activity import SECOND, Arrivals, arrive, at_once, evenly, intensity_of, join
from tickframe.sandbox.market.character import character_of
from tickframe.sandbox.market.exchanges import Exchange
from tickframe.sandbox.market.instruments import Instrument
from tickframe.sandbox.market.interface import TradeCondition
from tickframe.sandbox.market.phases import AFTER, BEFORE, auctions, in_continuous_trading
from tickframe.sandbox.market.prices import worth
from tickframe.sandbox.market.randomness import stable_generator
from tickframe.sandbox.market.tick_rules import TickRule

_Integers = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Booleans = npt.NDArray[np.bool_]

#: What the trade conditions of the simulated market mean.
CONDITIONS: Mapping[str, TradeCondition] = MappingProxyType(
    {
        "AT": TradeCondition("Automatic trade", "regular", continuous_session=True),
        "OA": TradeCondition("Opening auction", "regular", continuous_session=False),
        "IA": TradeCondition("Intraday auction", "regular", continuous_session=False),
        "CA": TradeCondition("Closing auction", "regular", continuous_session=False),
        "XT": TradeCondition("Automatic trade, cancelled later", "cancelled", continuous_session=True),
        "CT": TradeCondition("Automatic trade, corrected later", "corrected", continuous_session=True),
        "OTC": TradeCondition("Off-book trade", "non-regular", continuous_session=False),
        "LR": TradeCondition("Off-book trade, reported late", "non-regular", continuous_session=False),
    }
)

_CODES = tuple(CONDITIONS)
_REGULAR = np.array([condition.category != "non-regular" for condition in CONDITIONS.values()])
_CONTINUOUS = np.array([condition.continuous_session for condition in CONDITIONS.values()])

# Shares of the trades of continuous trading.
_OFF_BOOK = 0.015
_REPORTED_LATE = 0.005
_CANCELLED = 0.0015
_CORRECTED = 0.0015


class Session(NamedTuple):
    """One day of one instrument, as :class:`~tickframe.sandbox.market.interface.Market` describes the two tables."""

    trades: pa.Table
    quotes: pa.Table


def simulate_session(instrument: Instrument, day: dt.date, seed: int) -> Session:
    """Simulate one day of one instrument.

    Parameters
    ----------
    instrument, day
        What to simulate; the result depends on these and ``seed`` alone.
    seed
        Which market.
    """
    simulation = _Simulation(instrument, day, seed)
    book = simulation.book()
    prints = simulation.prints(book)
    trades = _trades_table(simulation.random, prints, simulation.rule)
    return Session(trades, _quotes_table(book, instrument.exchange, simulation.rule))


class _Book(NamedTuple):
    """The top of the book after each change: prices as positions of their rule."""

    arrivals: Arrivals
    ask: _Integers
    ask_size: _Integers
    bid: _Integers
    bid_size: _Integers
    without_ask: _Booleans
    without_bid: _Booleans


class _Prints(NamedTuple):
    """Trades: prices as positions of their rule, ``code`` the place of their condition in ``CONDITIONS``."""

    arrivals: Arrivals
    price: _Integers
    size: _Integers
    code: _Integers


class _Simulation:
    """A day under way: each part draws from the same generator, so their order matters."""

    def __init__(self, instrument: Instrument, day: dt.date, seed: int) -> None:
        self.random = stable_generator("session", seed, instrument.symbol, day.isoformat())
        self.exchange = instrument.exchange
        self.character = character_of(instrument, day, seed)
        self.rule = instrument.exchange.tick_rule
        self.worth = worth(instrument, day, seed)
        self.intensity = intensity_of(self.random, self.exchange)
        self.activity = float(np.clip(self.random.lognormal(0, 0.2), 0.75, 1.4))

    def _price(self, times: _Integers) -> _Floats:
        """Return the position of the price that nobody sees, fractions included."""
        return self.rule.position(self.worth.at(times / SECOND))

    def book(self) -> _Book:
        """Quote around the price."""
        count = int(self.character.quotes * self.activity)
        before = int(self.random.integers(30, 90))
        opening = self.exchange.opening
        market, capture = join(
            evenly(self.random, before, opening - BEFORE, opening),
            arrive(self.random, self.intensity, count - before),
        )
        # The last quotes before the opening keep their place before the first ones after it.
        arrivals = Arrivals(market, np.maximum.accumulate(capture))
        middle = self._price(market)
        spread = self._spread(market, usual=max(1.0, _steps(self.rule, middle.mean(), self.character.spread)))
        jitter = self.random.normal(0, 0.25, count)
        bid = np.maximum(np.floor(middle - spread / 2 + jitter), 1).astype(np.int64)
        ask = bid + spread
        # The book fills from one side.
        one_sided = np.arange(count) < self.random.integers(3, 12)
        asks_first = bool(self.random.integers(2))
        return _Book(
            arrivals=arrivals,
            ask=ask,
            ask_size=self._resting_sizes(ask),
            bid=bid,
            bid_size=self._resting_sizes(bid),
            without_ask=one_sided & (not asks_first),
            without_bid=one_sided & asks_first,
        )

    def _spread(self, times: _Integers, usual: float) -> _Integers:
        # It returns to its usual width within minutes: noise every ten seconds that fades by a twentieth each time.
        first = int(times[0] // SECOND)
        steps = int(times[-1] // SECOND - first) // 10 + 1
        fading = 0.95 ** np.arange(120)
        wave = np.convolve(self.random.standard_normal(steps), fading)[:steps]
        state = wave[(times // SECOND - first) // 10] + self.random.standard_normal(len(times))
        return np.clip(np.rint(usual * np.exp(0.15 * state)), 1, 4 * usual + 2).astype(np.int64)

    def _resting_sizes(self, price: _Integers) -> _Integers:
        changes = self.random.random(len(price)) < 0.4
        changes[1:] |= price[1:] != price[:-1]
        changes[0] = True
        since = np.maximum.accumulate(np.where(changes, np.arange(len(price)), 0))
        return self._sizes(len(price), 3)[since]

    def _sizes(self, count: int, multiple: float) -> _Integers:
        lots = np.ceil(multiple * self.character.typical_size * self.random.lognormal(0, 0.9, count))
        return lots.astype(np.int64) * self.exchange.lot

    def prints(self, book: _Book) -> _Prints:
        """Trade on the book, in the auctions and off the book; in the order of capture."""
        count = int(self.character.trades * self.activity)
        blocks = [self._continuous(book, count)]
        blocks += [self._auction(each.code, each.uncrossing) for each in auctions(self.exchange)]
        blocks += [self._off_book("OTC", int(count * _OFF_BOOK)), self._off_book("LR", int(count * _REPORTED_LATE))]
        market, capture = join(*(block.arrivals for block in blocks))
        price = np.concatenate([block.price for block in blocks])
        size = np.concatenate([block.size for block in blocks])
        code = np.concatenate([block.code for block in blocks])
        order = np.argsort(capture, kind="stable")
        return _Prints(Arrivals(market[order], capture[order]), price[order], size[order], code[order])

    def _continuous(self, book: _Book, count: int) -> _Prints:
        arrivals = arrive(self.random, self.intensity, count)
        standing = np.searchsorted(book.arrivals.capture, arrivals.capture, side="right") - 1
        bid, ask = book.bid[standing], book.ask[standing]
        # Trades of one moment are one order that takes one side of the book.
        order = np.cumsum(np.diff(arrivals.market, prepend=-1) != 0) - 1
        buys = (self.random.random(count) < 0.5)[order]
        price = np.where(buys, ask, bid)
        place = self.random.random(count)
        price = np.where(place < 0.06, (bid + ask) // 2, price)
        price = np.where(place > 0.98, price + np.where(buys, 1, -1), price)
        size = self._sizes(count, 1)
        if self.exchange.lot > 1:
            odd = self.random.integers(1, self.exchange.lot, count)
            size = np.where(self.random.random(count) < 0.25, odd, size)
        code = np.full(count, _CODES.index("AT"))
        fate = self.random.random(count)
        code[fate < _CANCELLED] = _CODES.index("XT")
        code[fate > 1 - _CORRECTED] = _CODES.index("CT")
        return _Prints(arrivals, np.maximum(price, 1), size, code)

    def _auction(self, code: str, second: int) -> _Prints:
        count = int(self.random.integers(8, 60))
        arrivals = at_once(self.random, count, second)
        price = np.maximum(np.rint(self._price(arrivals.market)), 1).astype(np.int64)
        return _Prints(arrivals, price, self._sizes(count, 6), np.full(count, _CODES.index(code)))

    def _off_book(self, code: str, count: int) -> _Prints:
        latest_report = AFTER // 2
        arrivals = evenly(self.random, count, self.exchange.opening, self.exchange.closing + latest_report)
        if code == "LR":
            delay = self.random.integers(5 * SECOND, latest_report * SECOND, count)
            arrivals = Arrivals(arrivals.market, arrivals.capture + delay)
        around = self._price(arrivals.market) * np.exp(self.random.normal(0, 0.0008, count))
        price = np.maximum(np.rint(around), 1).astype(np.int64)
        return _Prints(arrivals, price, self._sizes(count, 8), np.full(count, _CODES.index(code)))


def _steps(rule: TickRule, position: Any, share: float) -> Any:
    """Return how many steps of the grid a share of the price at a position is."""
    price = rule.price(np.rint(position).astype(np.int64))
    return position - rule.position((1 - share) * price)


def _trades_table(random: np.random.Generator, prints: _Prints, rule: TickRule) -> pa.Table:
    corrected = prints.code == _CODES.index("CT")
    # What was reported first is off; what it was corrected to is the price on the book.
    off = random.choice((-1, 1), len(corrected)) * np.maximum(_steps(rule, prints.price, 0.01), 1).astype(np.int64)
    reported_price = np.where(corrected, np.maximum(prints.price + off, 1), prints.price)
    reported_size = np.where(corrected, prints.size * 10, prints.size)
    return pa.table(
        {
            "time": _times(prints.arrivals.capture),
            "market_time": _times(prints.arrivals.market),
            "trade": rule.price(reported_price),
            "trade_size": reported_size,
            "trade_condition": pa.DictionaryArray.from_arrays(prints.code.astype(np.int32), list(_CODES)),
            "corrected_trade": pa.array(rule.price(prints.price), mask=~corrected),
            "corrected_trade_size": pa.array(prints.size, mask=~corrected),
            "regular": _REGULAR[prints.code],
            "continuous": _CONTINUOUS[prints.code],
            "cancelled": prints.code == _CODES.index("XT"),
        }
    )


def _quotes_table(book: _Book, exchange: Exchange, rule: TickRule) -> pa.Table:
    return pa.table(
        {
            "time": _times(book.arrivals.capture),
            "market_time": _times(book.arrivals.market),
            "ask": pa.array(rule.price(book.ask), mask=book.without_ask),
            "ask_size": pa.array(book.ask_size, mask=book.without_ask),
            "bid": pa.array(rule.price(book.bid), mask=book.without_bid),
            "bid_size": pa.array(book.bid_size, mask=book.without_bid),
            "continuous": in_continuous_trading(exchange, book.arrivals.capture),
        }
    )


def _times(nanoseconds: _Integers) -> pa.Array:
    return pa.array(nanoseconds.view("timedelta64[ns]"))
