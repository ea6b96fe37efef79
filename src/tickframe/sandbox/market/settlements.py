"""The settlement price of a contract's day."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.sandbox.answers.selection import nanoseconds
from tickframe.sandbox.market.activity import SECOND
from tickframe.sandbox.market.instruments import FutureTerms, Instrument
from tickframe.sandbox.market.randomness import stable_integer
from tickframe.sandbox.market.sessions import Session

_FINAL = 1

# The trades of so many seconds before the last one make a future's price.
_AVERAGED = 120

# The price is published so many seconds after the close, at most and at least.
_LATEST, _EARLIEST = 900, 60

_MIDNIGHT = dt.time()


def settlement(session: Session, instrument: Instrument, day: dt.date, seed: int) -> pa.Table:
    """Return one row: a future's is the average of its last trades, another contract's the middle of its last quote."""
    price, size = _average_of_last_trades(session) if isinstance(instrument.terms, FutureTerms) else (None, None)
    if price is None:
        last = session.quotes.slice(len(session.quotes) - 1)
        price = (last["ask"][0].as_py() + last["bid"][0].as_py()) / 2
    rule = instrument.exchange.tick_rule
    delay = _EARLIEST + stable_integer("settlement", seed, instrument.symbol, day.isoformat()) % (_LATEST - _EARLIEST)
    closing = dt.datetime.combine(day, _MIDNIGHT, ZoneInfo(instrument.exchange.zone))
    closing += dt.timedelta(seconds=instrument.exchange.closing)
    captured = closing.astimezone(dt.UTC) + dt.timedelta(seconds=delay)
    captured_time = dt.timedelta(hours=captured.hour, minutes=captured.minute, seconds=captured.second)
    return pa.table(
        {
            "settlement_date": pa.array([day]),
            "settlement_time": pa.array([instrument.exchange.closing * SECOND], pa.int64()).cast(pa.duration("ns")),
            "settlement": rule.price(rule.nearest([price])),
            "settlement_status": [_FINAL],
            "settlement_size": pa.array([size], pa.int64()),
            "capture_date": pa.array([captured.date()]),
            "capture_time": pa.array([captured_time], pa.duration("ns")),
        }
    )


def _average_of_last_trades(session: Session) -> tuple[float | None, int | None]:
    trades = session.trades.filter(pc.equal(session.trades["trade_condition"].cast(pa.string()), "AT"))
    if not len(trades):
        return None, None
    times = nanoseconds(trades)
    trades = trades.filter(pa.array(times > times[-1] - _AVERAGED * SECOND))
    price, size = trades["trade"].to_numpy(), trades["trade_size"].to_numpy()
    return float(np.average(price, weights=size)), int(size.sum())
