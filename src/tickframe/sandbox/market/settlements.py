"""The settlement price of a contract."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tickframe.sandbox.market.arrays import SECOND, durations, nanoseconds
from tickframe.sandbox.market.instruments import FutureTerms, Instrument
from tickframe.sandbox.market.randomness import stable_integer
from tickframe.sandbox.market.sessions import Session

_FINAL = 1

# A future's price is the average of trades in this many seconds before the last trade.
_AVERAGED = 120

# The price is published this many seconds after the close.
_EARLIEST, _LATEST = 60, 900


def settlement(session: Session, instrument: Instrument, day: dt.date, seed: int) -> pa.Table:
    """Return one row: the average of a future's last trades, or the middle of another contract's last quote."""
    price, size = _average_of_last_trades(session) if isinstance(instrument.terms, FutureTerms) else (None, None)
    if price is None:
        last = session.quotes.slice(len(session.quotes) - 1)
        price = (last["ask"][0].as_py() + last["bid"][0].as_py()) / 2
    exchange = instrument.exchange
    delay = _EARLIEST + stable_integer("settlement", seed, instrument.symbol, day.isoformat()) % (_LATEST - _EARLIEST)
    closing = dt.datetime.combine(day, dt.time(), ZoneInfo(exchange.zone)) + dt.timedelta(seconds=exchange.closing)
    captured = closing.astimezone(dt.UTC) + dt.timedelta(seconds=delay)
    captured_time = dt.timedelta(hours=captured.hour, minutes=captured.minute, seconds=captured.second)
    return pa.table(
        {
            "settlement_date": [day],
            "settlement_time": durations(np.array([exchange.closing * SECOND])),
            "settlement": exchange.tick_rule.price(exchange.tick_rule.nearest([price])),
            "settlement_status": [_FINAL],
            "settlement_size": pa.array([size], pa.int64()),
            "capture_date": [captured.date()],
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
