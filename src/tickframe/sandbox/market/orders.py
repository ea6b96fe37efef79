"""The orders of a session: those that traded, told from the trades, and those that came and went."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.sandbox.answers.selection import nanoseconds
from tickframe.sandbox.market.activity import SECOND
from tickframe.sandbox.market.exchanges import Exchange
from tickframe.sandbox.market.instruments import Instrument
from tickframe.sandbox.market.phases import BEFORE, UNCROSSING, auctions
from tickframe.sandbox.market.randomness import stable_generator
from tickframe.sandbox.market.sessions import Session
from tickframe.sandbox.market.tick_rules import TickRule

_Integers = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]
_Booleans = npt.NDArray[np.bool_]

# In the order in which one order's events happen.
_ACTIONS = ("ADD", "MODIFY", "TRADE", "DELETE")
_ADD, _MODIFY, _TRADE, _DELETE = range(len(_ACTIONS))
_SIDES = ("BUY", "SELL")

# The order types, as numbers: the older contract has no names for them.
_LIMIT, _MARKET = 1, 2

# Nothing happens to an order within this many nanoseconds of its arrival.
_SHORTEST_LIFE = 1_000_000

# Trades at one price and side this close to each other may be of one order, in nanoseconds.
_SAME_ORDER = 60 * SECOND

# Shares of the orders.
_ONE_MORE_TRADE = 0.45
_WITH_REST = 0.3
_MODIFIED = 0.12
_AT_ANY_PRICE = 0.4

# Orders that never trade: this many for the root of the number of quotes.
_PASSING = 60


class _Orders(NamedTuple):
    """Orders and what happens to them, but for trades; times in nanoseconds, prices as positions.

    ``modified`` and ``deleted`` are the times of these events, 0 for none; ``first_price`` is the price
    until ``modified``. ``rest`` is what is deleted of ``size``.
    """

    added: _Integers
    sell: _Booleans
    first_price: _Integers
    price: _Integers
    size: _Integers
    rest: _Integers
    modified: _Integers
    deleted: _Integers
    kind: _Integers


class _Fills(NamedTuple):
    """Regular trades in the order of their capture, and the number of the order that each is of."""

    time: _Integers
    price: _Integers
    size: _Integers
    order: _Integers


def order_events(session: Session, instrument: Instrument, day: dt.date, seed: int) -> pa.Table:
    """Return the events of a session's orders, in order of time.

    Each regular trade is one ``TRADE`` event, of the order that rested in the book. What of an order does
    not trade is deleted by the end of the session; modifying an order changes its price, and nothing
    happens to its size.

    Parameters
    ----------
    session
        The ticks that the orders lead to.
    instrument, day, seed
        What the session is of.
    """
    random = stable_generator("orders", seed, instrument.symbol, day.isoformat())
    rule = instrument.exchange.tick_rule
    end = (instrument.exchange.closing + instrument.exchange.auction + UNCROSSING) * SECOND
    traded, fills = _orders_that_trade(random, session, instrument.exchange, rule, end)
    passing = _orders_that_pass(random, session, rule, end)
    orders = _Orders(*(np.concatenate(pair) for pair in zip(traded, passing, strict=True)))
    return _events(orders, fills, rule)


def _orders_that_trade(
    random: np.random.Generator, session: Session, exchange: Exchange, rule: TickRule, end: int
) -> tuple[_Orders, _Fills]:
    trades = session.trades.filter(session.trades["regular"])
    time, size = nanoseconds(trades), trades["trade_size"].to_numpy()
    price = rule.nearest(trades["trade"].to_numpy())
    call, uncrossing = _call_phases(trades, exchange)
    in_auction = uncrossing > 0
    sell = np.where(in_auction, random.random(len(time)) < 0.5, _rests_on_the_ask(session.quotes, trades))
    place, start = _grouped(random, time, (sell, price, uncrossing))
    number = np.empty(len(time), dtype=np.int64)
    number[place] = np.repeat(np.arange(len(start)), np.diff(start, append=len(time)))
    executed = np.add.reduceat(size[place], start)
    head, last = place[start], place[np.append(start[1:], len(time)) - 1]
    count = len(head)
    earliest = np.where(in_auction[head], call[head], (exchange.opening - BEFORE) * SECOND)
    latest = np.where(in_auction[head], uncrossing[head], time[head]) - 2 * _SHORTEST_LIFE
    waited = latest - random.exponential(20 * SECOND, count).astype(np.int64)
    anywhere = earliest + (random.random(count) * (latest - earliest)).astype(np.int64)
    added = np.where(in_auction[head] | (waited < earliest), anywhere, waited)
    market = in_auction[head] & (random.random(count) < _AT_ANY_PRICE)
    modified = np.where(~market & (random.random(count) < _MODIFIED), (added + latest) // 2 + _SHORTEST_LIFE, 0)
    rest = np.where(random.random(count) < _WITH_REST, np.ceil(executed * random.exponential(0.7, count)), 0)
    rest = (rest // exchange.lot * exchange.lot).astype(np.int64)
    left = time[last] + _SHORTEST_LIFE + random.exponential(60 * SECOND, count).astype(np.int64)
    orders = _Orders(
        added=added,
        sell=sell[head],
        first_price=np.where(modified > 0, _farther(random, price[head], sell[head]), price[head]),
        price=price[head],
        size=executed + rest,
        rest=rest,
        modified=modified,
        deleted=np.where(rest > 0, np.minimum(left, end), 0),
        kind=np.where(market, _MARKET, _LIMIT),
    )
    return orders, _Fills(time, price, size, number)


def _grouped(
    random: np.random.Generator, time: _Integers, keys: tuple[npt.NDArray[Any], ...]
) -> tuple[_Integers, _Integers]:
    """Gather trades into orders.

    Returns
    -------
    place, start
        The places of the trades, those of one order together and in order of time; and where in ``place``
        each order begins. Trades of one order have the same keys.
    """
    place = np.lexsort((time, *keys))
    begins = np.diff(time[place], prepend=0) >= _SAME_ORDER
    begins |= random.random(len(time)) >= _ONE_MORE_TRADE
    for key in keys:
        begins[1:] |= key[place][1:] != key[place][:-1]
    begins[:1] = True
    return place, np.flatnonzero(begins)


def _orders_that_pass(random: np.random.Generator, session: Session, rule: TickRule, end: int) -> _Orders:
    """Return orders that come with some of the quotes and go without a trade."""
    quotes = session.quotes.filter(pc.and_(pc.is_valid(session.quotes["ask"]), pc.is_valid(session.quotes["bid"])))
    count = int(_PASSING * np.sqrt(len(quotes)))
    quotes = quotes.take(np.sort(random.integers(0, len(quotes), count)))
    sell = random.random(count) < 0.5
    added = nanoseconds(quotes)
    best = rule.nearest(np.where(sell, quotes["ask"].to_numpy(), quotes["bid"].to_numpy()))
    first_price = _farther(random, best, sell, nearest=0)
    life = 2 * _SHORTEST_LIFE + random.exponential(45 * SECOND, count).astype(np.int64)
    deleted = np.minimum(added + life, end)
    is_modified = random.random(count) < _MODIFIED
    size = np.where(sell, quotes["ask_size"].to_numpy(), quotes["bid_size"].to_numpy())
    return _Orders(
        added=added,
        sell=sell,
        first_price=first_price,
        price=np.where(is_modified, _farther(random, best, sell, nearest=0), first_price),
        size=size,
        rest=size,
        modified=np.where(is_modified, (added + deleted) // 2, 0),
        deleted=deleted,
        kind=np.full(count, _LIMIT),
    )


def _farther(random: np.random.Generator, price: _Integers, sell: _Booleans, nearest: int = 1) -> _Integers:
    """Return prices that are less ready to trade, by ``nearest`` steps or more."""
    steps = random.geometric(0.35, len(price)) - 1 + nearest
    return np.maximum(price + np.where(sell, steps, -steps), 1)


def _rests_on_the_ask(quotes: pa.Table, trades: pa.Table) -> _Booleans:
    """Tell which trades an order to sell stood ready for: those nearer to the ask."""
    standing = np.maximum(np.searchsorted(nanoseconds(quotes), nanoseconds(trades), side="right") - 1, 0)
    middle = (quotes["ask"].to_numpy() + quotes["bid"].to_numpy())[standing] / 2
    on_the_ask: _Booleans = trades["trade"].to_numpy() >= middle
    return on_the_ask


def _call_phases(trades: pa.Table, exchange: Exchange) -> tuple[_Integers, _Integers]:
    """Return for each trade the beginning and the end of its auction's call phase; 0 for those of no auction."""
    call, uncrossing = np.zeros(len(trades), dtype=np.int64), np.zeros(len(trades), dtype=np.int64)
    for auction in auctions(exchange):
        mine = pc.equal(trades["trade_condition"].cast(pa.string()), auction.code).to_numpy()
        call[mine], uncrossing[mine] = auction.call * SECOND, auction.uncrossing * SECOND
    return call, uncrossing


def _events(orders: _Orders, fills: _Fills, rule: TickRule) -> pa.Table:
    modified, deleted = np.flatnonzero(orders.modified), np.flatnonzero(orders.deleted)
    counts = (len(orders.added), len(modified), len(fills.time), len(deleted))
    action = np.repeat(np.arange(len(_ACTIONS)), counts)
    order = np.concatenate((np.arange(len(orders.added)), modified, fills.order, deleted))
    time = np.concatenate((orders.added, orders.modified[modified], fills.time, orders.deleted[deleted]))
    price = np.concatenate((orders.first_price, orders.price[modified], fills.price, orders.price[deleted]))
    size = np.concatenate((orders.size, orders.size[modified], fills.size, orders.rest[deleted]))
    trade = np.where(action == _TRADE, np.arange(len(action)) - counts[0] - counts[1] + 1, 0)
    # An order to buy or sell at any price has none, until it trades.
    without_price = (orders.kind[order] == _MARKET) & (action != _TRADE)
    place = np.lexsort((action, time))
    name = np.empty(len(orders.added), dtype=np.int64)
    name[np.argsort(orders.added, kind="stable")] = np.arange(1, len(orders.added) + 1)
    return pa.table(
        {
            "time": _durations(time[place]),
            "action": pa.DictionaryArray.from_arrays(action[place].astype(np.int32), list(_ACTIONS)),
            "order_id": _names("O", name[order[place]]),
            "order_side": pa.DictionaryArray.from_arrays(orders.sell[order[place]].astype(np.int32), list(_SIDES)),
            "order_price": pa.array(rule.price(price[place]), mask=without_price[place]),
            "order_size": size[place],
            "order_time": _durations(orders.added[order[place]]),
            "trade_id": _names("T", trade[place]),
            "order_type": orders.kind[order[place]],
        }
    )


def _names(letter: str, number: _Integers) -> pa.Array:
    """Return a name for each number from 1 on, as long as all others; empty for 0."""
    digits = pc.utf8_lpad(pa.array(number).cast(pa.string()), width=9, padding="0")
    return pc.if_else(pa.array(number > 0), pc.binary_join_element_wise(letter, digits, ""), "")


def _durations(since_midnight: _Integers) -> pa.Array:
    return pa.array(since_midnight.view("timedelta64[ns]"))
