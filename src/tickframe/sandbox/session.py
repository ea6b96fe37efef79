"""One simulated session: a price, quotes around it, trades on the quotes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tickframe.sandbox.arrivals import SECOND, Arrivals, Intensity, arrive, at_once, evenly, intensity_of, join
from tickframe.sandbox.directory import Exchange, Instrument
from tickframe.sandbox.market import TradeCondition
from tickframe.sandbox.price_level import Character, price_level
from tickframe.sandbox.randomness import stable_generator

__all__ = ["CONDITIONS", "Session", "simulate_session"]

_Integers = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Booleans = npt.NDArray[np.bool_]

# Quotes begin this long before the opening auction, and reports of off-book trades end this long after the close.
_BEFORE = 300
_AFTER = 3600

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
    """One day of one instrument, as :class:`~tickframe.sandbox.market.Market` describes the two tables."""

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
    random = stable_generator("session", seed, instrument.symbol, day.isoformat())
    of = Character(instrument, seed)
    path = _price_path(random, of, instrument.exchange, day)
    intensity = intensity_of(random, instrument.exchange)
    activity = float(np.clip(random.lognormal(0, 0.2), 0.75, 1.4))
    book = _simulate_book(random, of, instrument.exchange, path, intensity, int(of.quotes * activity))
    trades = _simulate_trades(random, of, instrument.exchange, path, intensity, book, int(of.trades * activity))
    return Session(trades, _quotes_table(book, instrument.exchange, of.tick))


class _PricePath(NamedTuple):
    """The price that nobody sees: its logarithm at every second from ``start``."""

    start: int
    log_price: _Floats

    def ticks_at(self, times: _Integers, tick: tuple[int, int]) -> _Floats:
        """Return the price in ticks, fractions included."""
        seconds = self.start + np.arange(len(self.log_price))
        return np.exp(np.interp(times / SECOND, seconds, self.log_price)) * (tick[1] / tick[0])


def _price_path(random: np.random.Generator, of: Character, exchange: Exchange, day: dt.date) -> _PricePath:
    start = exchange.opening - _BEFORE
    seconds = exchange.closing + exchange.auction + _AFTER - start + 1
    first = price_level(of, day)
    last = price_level(of, day + dt.timedelta(days=1))
    walk = np.cumsum(random.standard_normal(seconds)) * (0.8 * of.volatility / np.sqrt(seconds))
    along = np.linspace(0, 1, seconds)
    # A bridge from the one level to the other, so that days join.
    return _PricePath(start, first + (last - first) * along + walk - walk[-1] * along)


class _Book(NamedTuple):
    """The top of the book after each change: prices in ticks."""

    arrivals: Arrivals
    ask: _Integers
    ask_size: _Integers
    bid: _Integers
    bid_size: _Integers
    without_ask: _Booleans
    without_bid: _Booleans


def _simulate_book(
    random: np.random.Generator, of: Character, exchange: Exchange, path: _PricePath, intensity: Intensity, count: int
) -> _Book:
    before = int(random.integers(30, 90))
    arrivals = join(
        evenly(random, before, exchange.opening - _BEFORE, exchange.opening),
        arrive(random, intensity, count - before),
    )
    arrivals = Arrivals(arrivals.market, np.maximum.accumulate(arrivals.capture))
    middle = path.ticks_at(arrivals.market, of.tick)
    spread = _spread(random, arrivals.market, usual=max(1.0, 0.0004 * float(middle.mean())))
    bid = np.maximum(np.floor(middle - spread / 2 + random.normal(0, 0.25, count)), 1).astype(np.int64)
    ask = bid + spread
    # The book fills from one side.
    one_sided = np.arange(count) < random.integers(3, 12)
    asks_first = bool(random.integers(2))
    return _Book(
        arrivals=arrivals,
        ask=ask,
        ask_size=_resting_sizes(random, of, exchange, ask),
        bid=bid,
        bid_size=_resting_sizes(random, of, exchange, bid),
        without_ask=one_sided & (not asks_first),
        without_bid=one_sided & asks_first,
    )


def _spread(random: np.random.Generator, times: _Integers, usual: float) -> _Integers:
    # It returns to its usual width within minutes: noise every ten seconds that fades by a twentieth each time.
    first = int(times[0] // SECOND)
    steps = int(times[-1] // SECOND - first) // 10 + 1
    fading = 0.95 ** np.arange(120)
    wave = np.convolve(random.standard_normal(steps), fading)[:steps]
    state = wave[(times // SECOND - first) // 10] + random.standard_normal(len(times))
    return np.clip(np.rint(usual * np.exp(0.15 * state)), 1, 4 * usual + 2).astype(np.int64)


def _resting_sizes(random: np.random.Generator, of: Character, exchange: Exchange, price: _Integers) -> _Integers:
    changes = random.random(len(price)) < 0.4
    changes[1:] |= price[1:] != price[:-1]
    changes[0] = True
    since = np.maximum.accumulate(np.where(changes, np.arange(len(price)), 0))
    return _sizes(random, 3 * of.typical_size, len(price), exchange.lot)[since]


def _sizes(random: np.random.Generator, median: float, count: int, lot: int) -> _Integers:
    return np.ceil(median * random.lognormal(0, 0.9, count)).astype(np.int64) * lot


class _Prints(NamedTuple):
    """Trades of one kind: prices in ticks, ``code`` the place of their condition in ``CONDITIONS``."""

    arrivals: Arrivals
    price: _Integers
    size: _Integers
    code: _Integers


def _simulate_trades(
    random: np.random.Generator,
    of: Character,
    exchange: Exchange,
    path: _PricePath,
    intensity: Intensity,
    book: _Book,
    count: int,
) -> pa.Table:
    blocks = [_continuous_trades(random, of, exchange, book, intensity, count)]
    blocks += [_auction(random, of, path, exchange, code, second) for code, second in _auctions(exchange)]
    blocks += [
        _off_book_trades(random, of, exchange, path, int(count * share), code)
        for code, share in (("OTC", _OFF_BOOK), ("LR", _REPORTED_LATE))
    ]
    arrivals = join(*(block.arrivals for block in blocks))
    price, size, code = (
        np.concatenate(arrays)
        for arrays in zip(*((block.price, block.size, block.code) for block in blocks), strict=True)
    )
    order = np.argsort(arrivals.capture, kind="stable")
    prints = _Prints(Arrivals(arrivals.market[order], arrivals.capture[order]), price[order], size[order], code[order])
    return _trades_table(random, prints, of.tick)


def _auctions(exchange: Exchange) -> list[tuple[str, int]]:
    auctions = [("OA", exchange.opening), ("CA", exchange.closing + exchange.auction)]
    if exchange.midday is not None:
        auctions.append(("IA", exchange.midday + exchange.auction))
    return auctions


def _continuous_trades(
    random: np.random.Generator, of: Character, exchange: Exchange, book: _Book, intensity: Intensity, count: int
) -> _Prints:
    arrivals = arrive(random, intensity, count)
    standing = np.searchsorted(book.arrivals.capture, arrivals.capture, side="right") - 1
    bid, ask = book.bid[standing], book.ask[standing]
    # Trades of one moment are one order that takes one side of the book.
    order = np.cumsum(np.diff(arrivals.market, prepend=-1) != 0) - 1
    buys = (random.random(count) < 0.5)[order]
    price = np.where(buys, ask, bid)
    kind = random.random(count)
    price = np.where(kind < 0.06, (bid + ask) // 2, price)
    price = np.where(kind > 0.98, price + np.where(buys, 1, -1), price)
    size = _sizes(random, of.typical_size, count, exchange.lot)
    if exchange.lot > 1:
        size = np.where(random.random(count) < 0.25, random.integers(1, exchange.lot, count), size)
    code = np.full(count, _CODES.index("AT"))
    fate = random.random(count)
    code[fate < _CANCELLED] = _CODES.index("XT")
    code[fate > 1 - _CORRECTED] = _CODES.index("CT")
    return _Prints(arrivals, np.maximum(price, 1), size, code)


def _auction(
    random: np.random.Generator, of: Character, path: _PricePath, exchange: Exchange, code: str, second: int
) -> _Prints:
    count = int(random.integers(8, 60))
    arrivals = at_once(random, count, second)
    price = np.maximum(np.rint(path.ticks_at(arrivals.market, of.tick)), 1).astype(np.int64)
    size = _sizes(random, 6 * of.typical_size, count, exchange.lot)
    return _Prints(arrivals, price, size, np.full(count, _CODES.index(code)))


def _off_book_trades(
    random: np.random.Generator, of: Character, exchange: Exchange, path: _PricePath, count: int, code: str
) -> _Prints:
    arrivals = evenly(random, count, exchange.opening, exchange.closing + _AFTER // 2)
    if code == "LR":
        delay = random.integers(5 * SECOND, _AFTER // 2 * SECOND, count)
        arrivals = Arrivals(arrivals.market, arrivals.capture + delay)
    around = path.ticks_at(arrivals.market, of.tick) * np.exp(random.normal(0, 0.0008, count))
    size = _sizes(random, 8 * of.typical_size, count, exchange.lot)
    return _Prints(arrivals, np.maximum(np.rint(around), 1).astype(np.int64), size, np.full(count, _CODES.index(code)))


def _trades_table(random: np.random.Generator, prints: _Prints, tick: tuple[int, int]) -> pa.Table:
    corrected = prints.code == _CODES.index("CT")
    # What was reported first is off; what it was corrected to is the price on the book.
    off = random.choice((-1, 1), len(corrected)) * np.maximum(prints.price // 100, 1)
    reported_price = np.where(corrected, np.maximum(prints.price + off, 1), prints.price)
    reported_size = np.where(corrected, prints.size * 10, prints.size)
    return pa.table(
        {
            "time": _times(prints.arrivals.capture),
            "market_time": _times(prints.arrivals.market),
            "trade": _prices(reported_price, tick),
            "trade_size": reported_size,
            "trade_condition": pa.DictionaryArray.from_arrays(prints.code.astype(np.int32), list(_CODES)),
            "corrected_trade": pa.array(_prices(prints.price, tick), mask=~corrected),
            "corrected_trade_size": pa.array(prints.size, mask=~corrected),
            "regular": _REGULAR[prints.code],
            "continuous": _CONTINUOUS[prints.code],
            "cancelled": prints.code == _CODES.index("XT"),
        }
    )


def _quotes_table(book: _Book, exchange: Exchange, tick: tuple[int, int]) -> pa.Table:
    market = book.arrivals.market
    continuous = market >= exchange.opening * SECOND
    if exchange.midday is not None:
        in_auction = (market >= exchange.midday * SECOND) & (market < (exchange.midday + exchange.auction) * SECOND)
        continuous &= ~in_auction
    return pa.table(
        {
            "time": _times(book.arrivals.capture),
            "market_time": _times(market),
            "ask": pa.array(_prices(book.ask, tick), mask=book.without_ask),
            "ask_size": pa.array(book.ask_size, mask=book.without_ask),
            "bid": pa.array(_prices(book.bid, tick), mask=book.without_bid),
            "bid_size": pa.array(book.bid_size, mask=book.without_bid),
            "continuous": continuous,
        }
    )


def _prices(ticks: _Integers, tick: tuple[int, int]) -> _Floats:
    # Whole numbers until the one division: the double nearest to the decimal price.
    return ticks * tick[0] / tick[1]


def _times(nanoseconds: _Integers) -> pa.Array:
    return pa.array(nanoseconds.view("timedelta64[ns]"))
