"""Messages about auctions: indications during the call phase, then the uncrossing."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.sandbox.market.activity import evenly
from tickframe.sandbox.market.arrays import SECOND, durations
from tickframe.sandbox.market.exchanges import UNCROSSING, Auction
from tickframe.sandbox.market.instruments import Instrument
from tickframe.sandbox.market.randomness import stable_generator
from tickframe.sandbox.market.sessions import Session
from tickframe.sandbox.market.tick_rules import TickRule, whole

_CALL, _UNCROSSED = 1, 2

# Seconds between indications, and the largest and smallest number of them.
_INTERVAL = 4
_MOST, _LEAST = 120, 4

# The deviation of the first indications, as a share of the price.
_FIRST_DEVIATION = 0.002


def auction_messages(session: Session, instrument: Instrument, day: dt.date, seed: int) -> pa.Table:
    """Return the messages about a session's auctions in order of time; an empty table if there are none.

    What a message does not state is null.
    """
    random = stable_generator("auctions", seed, instrument.symbol, day.isoformat())
    rule = instrument.exchange.tick_rule
    codes = session.trades["trade_condition"].cast(pa.string())
    messages = [pa.table({})]
    for auction in instrument.exchange.auctions:
        trades = session.trades.filter(pc.equal(codes, auction.code))
        messages.append(_messages(random, auction, trades, rule, day))
    return pa.concat_tables(messages, promote_options="default")


def _messages(
    random: np.random.Generator, auction: Auction, trades: pa.Table, rule: TickRule, day: dt.date
) -> pa.Table:
    price, volume = trades["trade"][0].as_py(), pc.sum(trades["trade_size"]).as_py()
    length = auction.uncrossing - auction.call
    count = min(max(length // _INTERVAL, _LEAST), _MOST)
    # The last indication is captured before the uncrossing.
    market, capture = evenly(random, count, auction.call, auction.uncrossing - UNCROSSING)
    remaining = 1 - (market / SECOND - auction.call) / length
    position = rule.position(price)
    deviation = position - rule.position(price * (1 - _FIRST_DEVIATION))
    indicated = whole(position + deviation * remaining * random.standard_normal(count))
    matched = whole(volume * (1 - remaining) ** 0.7)
    surplus = np.ceil(volume * random.exponential(0.1 + 0.3 * remaining)).astype(np.int64)
    buyers = random.random(count) < 0.5
    indications = pa.table(
        {
            "time": durations(capture),
            "imbalance_buy_volume": np.where(buyers, surplus, 0),
            "imbalance_sell_volume": np.where(buyers, 0, surplus),
            "imbalance_volume_time": durations(market),
            "auction_time": durations(market),
            "auction_status": np.full(count, _CALL),
            "auction": rule.price(indicated),
            "auction_volume": matched,
        }
    )
    uncrossing_time = durations(np.array([auction.uncrossing * SECOND]))
    result = pa.table(
        {
            "time": trades["time"][:1],
            "uncrossing_date": [day],
            "uncrossing_time": uncrossing_time,
            "uncrossing_condition": [auction.code],
            "uncrossing_price": [price],
            "uncrossing_volume": [volume],
            "uncrossing_type": [auction.name],
            "auction_time": uncrossing_time,
            "auction_status": [_UNCROSSED],
            "auction": [price],
            "auction_volume": [volume],
        }
    )
    messages = pa.concat_tables([indications, result], promote_options="default")
    for name, value in {"cross_type": auction.name, "auction_type": auction.name, "auction_date": day}.items():
        messages = messages.append_column(name, pa.repeat(value, len(messages)))
    return messages
