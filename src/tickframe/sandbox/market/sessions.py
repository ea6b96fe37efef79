"""One simulated session: quotes around the fair value, and trades at these quotes, in auctions and off the book."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from tickframe.sandbox.market.activity import (
    Timestamps,
    at_once,
    draw_intensity,
    evenly,
    in_continuous_trading,
    join,
    usual_activity,
)
from tickframe.sandbox.market.arrays import SECOND, Booleans, Floats, Integers, durations
from tickframe.sandbox.market.exchanges import POST_TRADING, Exchange
from tickframe.sandbox.market.instruments import Instrument
from tickframe.sandbox.market.interface import TradeCondition
from tickframe.sandbox.market.prices import fair_value
from tickframe.sandbox.market.randomness import stable_generator
from tickframe.sandbox.market.tick_rules import TickRule, whole

#: The meanings of the simulated market's trade conditions.
CONDITIONS: Mapping[str, TradeCondition] = MappingProxyType(
    {
        "AT": TradeCondition("Automatic trade", "Lit", continuous_session=True),
        "OA": TradeCondition("Opening auction", "Lit - Auction", continuous_session=False),
        "IA": TradeCondition("Intraday auction", "Lit - Auction", continuous_session=False),
        "CA": TradeCondition("Closing auction", "Lit - Auction", continuous_session=False),
        "XT": TradeCondition("Automatic trade, cancelled later", "Lit", continuous_session=True),
        "CT": TradeCondition("Automatic trade, corrected later", "Lit", continuous_session=True),
        "OTC": TradeCondition("Off-book trade", "Off", continuous_session=False),
        "LR": TradeCondition("Off-book trade, reported late", "Off", continuous_session=False),
    }
)

_CODES = tuple(CONDITIONS)
_REGULAR = np.array([condition.category != "Off" for condition in CONDITIONS.values()])
_CONTINUOUS = np.array([condition.continuous_session for condition in CONDITIONS.values()])

# Shares of the trades of continuous trading.
_OFF_BOOK = 0.015
_REPORTED_LATE = 0.005
_CANCELLED = 0.0015
_CORRECTED = 0.0015


class Session(NamedTuple):
    """One day of one instrument: trades and quotes as :class:`~tickframe.sandbox.market.interface.Market` has them."""

    trades: pa.Table
    quotes: pa.Table


def simulate_session(instrument: Instrument, day: dt.date, seed: int) -> Session:
    """Simulate one day of one instrument; the result depends only on the arguments."""
    simulation = _Simulation(instrument, day, seed)
    book = simulation.book()
    trades = _trades_table(simulation.random, simulation.trades(book), simulation.rule)
    return Session(trades, _quotes_table(book, instrument.exchange, simulation.rule))


class _Book(NamedTuple):
    """The top of the book after each change; prices are positions of the tick rule."""

    times: Timestamps
    ask: Integers
    ask_size: Integers
    bid: Integers
    bid_size: Integers
    without_ask: Booleans
    without_bid: Booleans


class _Trades(NamedTuple):
    """Trades; prices are positions of the tick rule, ``code`` is the index of the condition in ``CONDITIONS``."""

    times: Timestamps
    price: Integers
    size: Integers
    code: Integers


class _Simulation:
    """A day in progress. All parts draw from one generator, so their order matters."""

    def __init__(self, instrument: Instrument, day: dt.date, seed: int) -> None:
        self.random = stable_generator("session", seed, instrument.symbol, day.isoformat())
        self.exchange = instrument.exchange
        self.usual = usual_activity(instrument, day, seed)
        self.rule = instrument.exchange.tick_rule
        self.fair_value = fair_value(instrument, day, seed)
        self.intensity = draw_intensity(self.random, self.exchange)
        self.busyness = float(np.clip(self.random.lognormal(0, 0.2), 0.75, 1.4))

    def _fair_position(self, times: Integers) -> Floats:
        return self.rule.position(self.fair_value.at(times / SECOND))

    def book(self) -> _Book:
        """Quote around the fair value."""
        count = int(self.usual.quotes * self.busyness)
        before = int(self.random.integers(30, 90))
        opening = self.exchange.opening
        market, capture = join(
            evenly(self.random, before, self.exchange.first_second, opening),
            in_continuous_trading(self.random, self.intensity, count - before),
        )
        # The last quotes before the opening are captured before the first ones after it.
        times = Timestamps(market, np.maximum.accumulate(capture))
        middle = self._fair_position(market)
        spread = self._spread(market, usual=max(1.0, _steps(self.rule, middle.mean(), self.usual.spread)))
        jitter = self.random.normal(0, 0.25, count)
        bid = np.maximum(np.floor(middle - spread / 2 + jitter), 1).astype(np.int64)
        ask = bid + spread
        # At first the book has one side only.
        one_sided = np.arange(count) < self.random.integers(3, 12)
        asks_first = bool(self.random.integers(2))
        return _Book(
            times=times,
            ask=ask,
            ask_size=self._resting_sizes(ask),
            bid=bid,
            bid_size=self._resting_sizes(bid),
            without_ask=one_sided & (not asks_first),
            without_bid=one_sided & asks_first,
        )

    def _spread(self, times: Integers, usual: float) -> Integers:
        # It reverts within minutes: every ten seconds, noise is added and the deviation shrinks by a twentieth.
        first = int(times[0] // SECOND)
        steps = int(times[-1] // SECOND - first) // 10 + 1
        fading = 0.95 ** np.arange(120)
        wave = np.convolve(self.random.standard_normal(steps), fading)[:steps]
        state = wave[(times // SECOND - first) // 10] + self.random.standard_normal(len(times))
        return np.clip(np.rint(usual * np.exp(0.15 * state)), 1, 4 * usual + 2).astype(np.int64)

    def _resting_sizes(self, price: Integers) -> Integers:
        changes = self.random.random(len(price)) < 0.4
        changes[1:] |= price[1:] != price[:-1]
        changes[0] = True
        since = np.maximum.accumulate(np.where(changes, np.arange(len(price)), 0))
        return self._sizes(len(price), 3)[since]

    def _sizes(self, count: int, multiple: float) -> Integers:
        lots = np.ceil(multiple * self.usual.typical_size * self.random.lognormal(0, 0.9, count))
        return lots.astype(np.int64) * self.exchange.lot

    def trades(self, book: _Book) -> _Trades:
        """Trade on the book, in auctions and off the book; in the order of capture."""
        count = int(self.usual.trades * self.busyness)
        blocks = [self._continuous(book, count)]
        blocks += [self._auction(auction.code, auction.uncrossing) for auction in self.exchange.auctions]
        blocks += [self._off_book("OTC", int(count * _OFF_BOOK)), self._off_book("LR", int(count * _REPORTED_LATE))]
        times, *columns = zip(*blocks, strict=True)
        market, capture = join(*times)
        order = np.argsort(capture, kind="stable")
        price, size, code = (np.concatenate(column)[order] for column in columns)
        return _Trades(Timestamps(market[order], capture[order]), price, size, code)

    def _continuous(self, book: _Book, count: int) -> _Trades:
        times = in_continuous_trading(self.random, self.intensity, count)
        prevailing = np.searchsorted(book.times.capture, times.capture, side="right") - 1
        bid, ask = book.bid[prevailing], book.ask[prevailing]
        # Trades with the same timestamp belong to one order, which takes one side of the book.
        order = np.cumsum(np.diff(times.market, prepend=-1) != 0) - 1
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
        return _Trades(times, np.maximum(price, 1), size, code)

    def _auction(self, code: str, second: int) -> _Trades:
        count = int(self.random.integers(8, 60))
        times = at_once(self.random, count, second)
        price = whole(self._fair_position(times.market))
        return _Trades(times, price, self._sizes(count, 6), np.full(count, _CODES.index(code)))

    def _off_book(self, code: str, count: int) -> _Trades:
        latest_report = POST_TRADING // 2
        times = evenly(self.random, count, self.exchange.opening, self.exchange.closing + latest_report)
        if code == "LR":
            delay = self.random.integers(5 * SECOND, latest_report * SECOND, count)
            times = times._replace(capture=times.capture + delay)
        price = whole(self._fair_position(times.market) * np.exp(self.random.normal(0, 0.0008, count)))
        return _Trades(times, price, self._sizes(count, 8), np.full(count, _CODES.index(code)))


def _steps(rule: TickRule, position: Any, share: float) -> Any:
    """Return how many positions a share of the price at a position is."""
    price = rule.price(np.rint(position).astype(np.int64))
    return position - rule.position((1 - share) * price)


def _trades_table(random: np.random.Generator, trades: _Trades, rule: TickRule) -> pa.Table:
    corrected = trades.code == _CODES.index("CT")
    # The price first reported is wrong; the corrected one is that of the book.
    error = random.choice((-1, 1), len(corrected)) * np.maximum(_steps(rule, trades.price, 0.01), 1).astype(np.int64)
    reported_price = np.where(corrected, np.maximum(trades.price + error, 1), trades.price)
    return pa.table(
        {
            "time": durations(trades.times.capture),
            "market_time": durations(trades.times.market),
            "trade": rule.price(reported_price),
            "trade_size": np.where(corrected, trades.size * 10, trades.size),
            "trade_condition": pa.DictionaryArray.from_arrays(trades.code.astype(np.int32), list(_CODES)),
            "corrected_trade": pa.array(rule.price(trades.price), mask=~corrected),
            "corrected_trade_size": pa.array(trades.size, mask=~corrected),
            "regular": _REGULAR[trades.code],
            "continuous": _CONTINUOUS[trades.code],
            "cancelled": trades.code == _CODES.index("XT"),
        }
    )


def _quotes_table(book: _Book, exchange: Exchange, rule: TickRule) -> pa.Table:
    return pa.table(
        {
            "time": durations(book.times.capture),
            "market_time": durations(book.times.market),
            "ask": pa.array(rule.price(book.ask), mask=book.without_ask),
            "ask_size": pa.array(book.ask_size, mask=book.without_ask),
            "bid": pa.array(rule.price(book.bid), mask=book.without_bid),
            "bid_size": pa.array(book.bid_size, mask=book.without_bid),
            "continuous": exchange.is_continuous(book.times.capture),
        }
    )
