"""What an exchange says about its auctions: indications through the call phase, then the uncrossing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.sandbox.answers.columns import constant, empty_answer
from tickframe.sandbox.market.activity import SECOND, evenly
from tickframe.sandbox.market.instruments import Instrument
from tickframe.sandbox.market.phases import UNCROSSING, Auction, auctions
from tickframe.sandbox.market.randomness import stable_generator
from tickframe.sandbox.market.sessions import Session
from tickframe.sandbox.market.tick_rules import TickRule

_CALL, _UNCROSSED = 1, 2

# Seconds between indications, and how many there are at most and at least.
_EVERY = 4
_MOST, _LEAST = 120, 4

# How far the first indications are from the price, as a share of it.
_FIRST_GUESS = 0.002

_Columns = Mapping[str, pa.Array]


def auction_messages(session: Session, instrument: Instrument, day: dt.date, seed: int) -> pa.Table:
    """Return the documented columns of a session's auctions, in order of time; no rows where none is held."""
    random = stable_generator("auctions", seed, instrument.symbol, day.isoformat())
    rule = instrument.exchange.tick_rule
    empty = empty_answer("auction_data")
    codes = session.trades["trade_condition"].cast(pa.string())
    parts = [empty]
    for auction in auctions(instrument.exchange):
        prints = session.trades.filter(pc.equal(codes, auction.code))
        parts += [_documented(part, empty.schema) for part in _messages(random, auction, prints, rule, day)]
    return pa.concat_tables(parts)


def _messages(
    random: np.random.Generator, auction: Auction, prints: pa.Table, rule: TickRule, day: dt.date
) -> tuple[_Columns, _Columns]:
    price, volume = prints["trade"][0].as_py(), pc.sum(prints["trade_size"]).as_py()
    length = auction.uncrossing - auction.call
    count = min(max(length // _EVERY, _LEAST), _MOST)
    # The last indication is captured before the uncrossing is.
    market, capture = evenly(random, count, auction.call, auction.uncrossing - UNCROSSING)
    left = 1 - (market / SECOND - auction.call) / length
    position = rule.position(price)
    away = (position - rule.position(price * (1 - _FIRST_GUESS))) * left * random.standard_normal(count)
    indicated = np.maximum(np.rint(position + away), 1).astype(np.int64)
    matched = np.maximum(np.rint(volume * (1 - left) ** 0.7), 1).astype(np.int64)
    surplus = np.ceil(volume * random.exponential(0.1 + 0.3 * left)).astype(np.int64)
    buyers = random.random(count) < 0.5
    same: dict[str, pa.Array] = {
        "cross_type": constant(auction.name, count),
        "auction_type": constant(auction.name, count),
        "auction_date": constant(day, count),
    }
    indications = {
        **same,
        "time": _durations(capture),
        "imbalance_buy_volume": pa.array(np.where(buyers, surplus, 0)),
        "imbalance_sell_volume": pa.array(np.where(buyers, 0, surplus)),
        "imbalance_volume_time": _durations(market),
        "auction_time": _durations(market),
        "auction_status": pa.array(np.full(count, _CALL)),
        "auction": pa.array(rule.price(indicated)),
        "auction_volume": pa.array(matched),
    }
    uncrossing = _durations(np.array([auction.uncrossing * SECOND]))
    result = {
        **{name: column[:1] for name, column in same.items()},
        "time": prints["time"].combine_chunks()[:1],
        "uncrossing_date": constant(day, 1),
        "uncrossing_time": uncrossing,
        "uncrossing_condition": constant(auction.code, 1),
        "uncrossing_price": pa.array([price]),
        "uncrossing_volume": pa.array([volume]),
        "uncrossing_type": constant(auction.name, 1),
        "auction_time": uncrossing,
        "auction_status": pa.array([_UNCROSSED]),
        "auction": pa.array([price]),
        "auction_volume": pa.array([volume]),
    }
    return indications, result


def _documented(columns: _Columns, schema: pa.Schema) -> pa.Table:
    """Return all documented columns; what a message does not say is null."""
    rows = len(columns["time"])
    return pa.table([columns.get(field.name, pa.nulls(rows, field.type)).cast(field.type) for field in schema], schema)


def _durations(since_midnight: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(since_midnight.view("timedelta64[ns]"))
