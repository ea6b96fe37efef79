"""The orders of a session: those behind its trades, and those that are deleted without a trade."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.sandbox.market.arrays import SECOND, Booleans, Integers, durations, nanoseconds
from tickframe.sandbox.market.exchanges import Exchange
from tickframe.sandbox.market.instruments import Instrument
from tickframe.sandbox.market.randomness import stable_generator
from tickframe.sandbox.market.sessions import Session
from tickframe.sandbox.market.tick_rules import TickRule

# In the order in which they happen to an order.
_ACTIONS = ("ADD", "MODIFY", "TRADE", "DELETE")
_ADD, _MODIFY, _TRADE, _DELETE = range(len(_ACTIONS))
_SIDES = ("BUY", "SELL")

# Order types are numbers: the older contract has no names for them.
_LIMIT, _MARKET = 1, 2

# An order rests for at least this many nanoseconds before its next event.
_SHORTEST_REST = 1_000_000

# Trades with the same price and side may belong to one order if they are less than this many nanoseconds apart.
_SAME_ORDER = 60 * SECOND

# Probabilities.
_ANOTHER_TRADE = 0.45
_PARTLY_DELETED = 0.3
_MODIFIED = 0.12
_MARKET_ORDER = 0.4

# Orders without a trade: this many times the square root of the number of quotes.
_WITHOUT_TRADE = 60


class _Orders(NamedTuple):
    """Orders and their events, except trades; times in nanoseconds, prices as positions of the tick rule.

    ``modified`` and ``deleted`` are the times of these events, or 0. ``first_price`` is the price until
    ``modified``. ``remainder`` is the part of ``size`` that is deleted.
    """

    added: Integers
    sell: Booleans
    first_price: Integers
    price: Integers
    size: Integers
    remainder: Integers
    modified: Integers
    deleted: Integers
    kind: Integers


class _Fills(NamedTuple):
    """Regular trades in the order of their capture, and the index of the order that each belongs to."""

    time: Integers
    price: Integers
    size: Integers
    order: Integers


def order_events(session: Session, instrument: Instrument, day: dt.date, seed: int) -> pa.Table:
    """Return the events of a session's orders, in order of time.

    Each regular trade is one ``TRADE`` event of the order that rested in the book. The part of an order
    that does not trade is deleted by the end of the session. A modification changes the price and keeps
    the size.

    Parameters
    ----------
    session
        The ticks to which the orders lead.
    instrument, day, seed
        The arguments with which the session was simulated.
    """
    random = stable_generator("orders", seed, instrument.symbol, day.isoformat())
    exchange = instrument.exchange
    traded, fills = _orders_with_trades(random, session, exchange)
    untraded = _orders_without_trades(random, session, exchange)
    orders = _Orders(*(np.concatenate(pair) for pair in zip(traded, untraded, strict=True)))
    return _events(orders, fills, exchange.tick_rule)


def _orders_with_trades(random: np.random.Generator, session: Session, exchange: Exchange) -> tuple[_Orders, _Fills]:
    trades = session.trades.filter(session.trades["regular"])
    time, size = nanoseconds(trades), trades["trade_size"].to_numpy()
    price = exchange.tick_rule.nearest(trades["trade"].to_numpy())
    call, uncrossing = _call_phases(trades, exchange)
    in_auction = uncrossing > 0
    sell = np.where(in_auction, random.random(len(time)) < 0.5, _rests_on_ask(session.quotes, trades))
    place, start = _group_into_orders(random, time, (sell, price, uncrossing))
    order = np.empty(len(time), dtype=np.int64)
    order[place] = np.repeat(np.arange(len(start)), np.diff(start, append=len(time)))
    executed = np.add.reduceat(size[place], start)
    first, last = place[start], place[np.append(start[1:], len(time)) - 1]
    count = len(first)
    earliest = np.where(in_auction[first], call[first], exchange.first_second * SECOND)
    latest = np.where(in_auction[first], uncrossing[first], time[first]) - 2 * _SHORTEST_REST
    waited = latest - random.exponential(20 * SECOND, count).astype(np.int64)
    anywhere = earliest + (random.random(count) * (latest - earliest)).astype(np.int64)
    added = np.where(in_auction[first] | (waited < earliest), anywhere, waited)
    market = in_auction[first] & (random.random(count) < _MARKET_ORDER)
    modified = np.where(~market & (random.random(count) < _MODIFIED), (added + latest) // 2 + _SHORTEST_REST, 0)
    lot = exchange.lot
    remainder = np.where(random.random(count) < _PARTLY_DELETED, np.ceil(executed * random.exponential(0.7, count)), 0)
    remainder = (remainder // lot * lot).astype(np.int64)
    deleted = time[last] + _SHORTEST_REST + random.exponential(60 * SECOND, count).astype(np.int64)
    orders = _Orders(
        added=added,
        sell=sell[first],
        first_price=np.where(modified > 0, _less_aggressive(random, price[first], sell[first]), price[first]),
        price=price[first],
        size=executed + remainder,
        remainder=remainder,
        modified=modified,
        deleted=np.where(remainder > 0, np.minimum(deleted, exchange.last_second * SECOND), 0),
        kind=np.where(market, _MARKET, _LIMIT),
    )
    return orders, _Fills(time, price, size, order)


def _group_into_orders(
    random: np.random.Generator, time: Integers, keys: tuple[npt.NDArray[Any], ...]
) -> tuple[Integers, Integers]:
    """Group trades into orders; trades of one order have the same keys.

    Returns
    -------
    place, start
        The indices of the trades, by order and then by time; and where in ``place`` each order begins.
    """
    place = np.lexsort((time, *keys))
    begins = np.diff(time[place], prepend=0) >= _SAME_ORDER
    begins |= random.random(len(time)) >= _ANOTHER_TRADE
    for key in keys:
        begins[1:] |= key[place][1:] != key[place][:-1]
    begins[:1] = True
    return place, np.flatnonzero(begins)


def _orders_without_trades(random: np.random.Generator, session: Session, exchange: Exchange) -> _Orders:
    """Return orders that arrive with some of the quotes and are deleted without a trade."""
    quotes = session.quotes.filter(pc.and_(pc.is_valid(session.quotes["ask"]), pc.is_valid(session.quotes["bid"])))
    count = int(_WITHOUT_TRADE * np.sqrt(len(quotes)))
    quotes = quotes.take(np.sort(random.integers(0, len(quotes), count)))
    sell = random.random(count) < 0.5
    added = nanoseconds(quotes)
    best = exchange.tick_rule.nearest(np.where(sell, quotes["ask"].to_numpy(), quotes["bid"].to_numpy()))
    first_price = _less_aggressive(random, best, sell, least=0)
    rest = 2 * _SHORTEST_REST + random.exponential(45 * SECOND, count).astype(np.int64)
    deleted = np.minimum(added + rest, exchange.last_second * SECOND)
    is_modified = random.random(count) < _MODIFIED
    size = np.where(sell, quotes["ask_size"].to_numpy(), quotes["bid_size"].to_numpy())
    return _Orders(
        added=added,
        sell=sell,
        first_price=first_price,
        price=np.where(is_modified, _less_aggressive(random, best, sell, least=0), first_price),
        size=size,
        remainder=size,
        modified=np.where(is_modified, (added + deleted) // 2, 0),
        deleted=deleted,
        kind=np.full(count, _LIMIT),
    )


def _less_aggressive(random: np.random.Generator, price: Integers, sell: Booleans, least: int = 1) -> Integers:
    """Return prices that are at least ``least`` positions less aggressive."""
    steps = random.geometric(0.35, len(price)) - 1 + least
    return np.maximum(price + np.where(sell, steps, -steps), 1)


def _rests_on_ask(quotes: pa.Table, trades: pa.Table) -> Booleans:
    """Return which trades are nearer to the ask: those of a resting order to sell."""
    prevailing = np.maximum(np.searchsorted(nanoseconds(quotes), nanoseconds(trades), side="right") - 1, 0)
    middle = (quotes["ask"].to_numpy() + quotes["bid"].to_numpy())[prevailing] / 2
    on_ask: Booleans = trades["trade"].to_numpy() >= middle
    return on_ask


def _call_phases(trades: pa.Table, exchange: Exchange) -> tuple[Integers, Integers]:
    """Return the start and end of the call phase of each trade's auction, or 0 if the trade is not of an auction."""
    call, uncrossing = np.zeros(len(trades), dtype=np.int64), np.zeros(len(trades), dtype=np.int64)
    for auction in exchange.auctions:
        of_auction = pc.equal(trades["trade_condition"].cast(pa.string()), auction.code).to_numpy()
        call[of_auction], uncrossing[of_auction] = auction.call * SECOND, auction.uncrossing * SECOND
    return call, uncrossing


def _events(orders: _Orders, fills: _Fills, rule: TickRule) -> pa.Table:
    modified, deleted = np.flatnonzero(orders.modified), np.flatnonzero(orders.deleted)
    counts = (len(orders.added), len(modified), len(fills.time), len(deleted))
    action = np.repeat(np.arange(len(_ACTIONS)), counts)
    order = np.concatenate((np.arange(len(orders.added)), modified, fills.order, deleted))
    time = np.concatenate((orders.added, orders.modified[modified], fills.time, orders.deleted[deleted]))
    price = np.concatenate((orders.first_price, orders.price[modified], fills.price, orders.price[deleted]))
    size = np.concatenate((orders.size, orders.size[modified], fills.size, orders.remainder[deleted]))
    trade = np.where(action == _TRADE, np.arange(len(action)) - counts[0] - counts[1] + 1, 0)
    # A market order has no price until it trades.
    without_price = (orders.kind[order] == _MARKET) & (action != _TRADE)
    number = np.empty(len(orders.added), dtype=np.int64)
    number[np.argsort(orders.added, kind="stable")] = np.arange(1, len(orders.added) + 1)
    place = np.lexsort((action, time))
    order = order[place]
    return pa.table(
        {
            "time": durations(time[place]),
            "action": pa.DictionaryArray.from_arrays(action[place].astype(np.int32), list(_ACTIONS)),
            "order_id": _ids("O", number[order]),
            "order_side": pa.DictionaryArray.from_arrays(orders.sell[order].astype(np.int32), list(_SIDES)),
            "order_price": pa.array(rule.price(price[place]), mask=without_price[place]),
            "order_size": size[place],
            "order_time": durations(orders.added[order]),
            "trade_id": _ids("T", trade[place]),
            "order_type": orders.kind[order],
        }
    )


def _ids(letter: str, number: Integers) -> pa.Array:
    """Return an id of fixed length for each number from 1 on, and an empty string for 0."""
    digits = pc.utf8_lpad(pa.array(number).cast(pa.string()), width=9, padding="0")
    return pc.if_else(pa.array(number > 0), pc.binary_join_element_wise(letter, digits, ""), "")
