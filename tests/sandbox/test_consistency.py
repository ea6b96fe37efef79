"""The responses of different functions about one session are consistent."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

SHARES = ("ZAL.XE", "IBM.N", "7203.T")
FUTURES = ("CL/17U.NXG", "FDAX/17U.EX")
OPTIONS = ("CL/17U/47.5C.NXG", "DJX/17U/340P.W")
DAYS = ("2017-08-01", "2017-08-10")
AUCTIONS = {"OA": "OPENING", "IA": "INTRADAY", "CA": "CLOSING"}
UTC_OFFSETS = {"NXG": -4, "EX": 2, "W": -4}
HOUR = 3600 * 10**9
DAY = 24 * HOUR


class Session:
    """The responses about one symbol and day."""

    def __init__(self, caller, symbol, day):
        self.symbol = symbol
        request = {"source": "ACTIV", "day": day}
        one = {"symbol": symbol, **request}
        several = {"symbols": [symbol], **request}
        period = {"source": "ACTIV", "symbols": [symbol], "firstDay": day, "lastDay": day}
        self.trades = caller.ask("tickData", dataType="TRADES", **one).frame()
        self.quotes = caller.ask("tickData", dataType="QUOTES", **one).frame()
        self.orders = caller.ask("orders", **several).frame()
        self.auctions = caller.ask("auctions", **several).frame()
        self.statuses = caller.ask("instrumentStatus", **several).frame()
        self.rules = caller.ask("tickRules", **several).frame()
        self.bar = caller.ask("endOfDay", **period).frame().iloc[0]
        self.settlement = caller.ask("settlementPrices", **period).frame()
        self.in_auction = self.trades["trade_condition"].isin(list(AUCTIONS))

    def status_at(self, times):
        """Return the rows of the statuses at times."""
        starts = self.statuses["time"].to_numpy()
        return self.statuses.iloc[np.searchsorted(starts, times, side="right") - 1].reset_index(drop=True)


@pytest.fixture(scope="module", params=[(symbol, day) for symbol in (*SHARES, *FUTURES, *OPTIONS) for day in DAYS])
def session(caller, request):
    return Session(caller, *request.param)


def test_trades_of_orders_are_the_regular_trades(session):
    """Each regular trade is one event with its time, price and size, in continuous trading and in auctions."""
    events = session.orders[session.orders["action"] == "TRADE"]
    keys = ["time", "price", "size"]
    traded = events[["time", "order_price", "order_size"]].set_axis(keys, axis=1)
    reported = session.trades[["time", "trade", "trade_size"]].set_axis(keys, axis=1)
    for one, other in (
        (traded, reported),
        (
            traded[session.status_at(events["time"])["continuous_session"].to_numpy()],
            reported[~session.in_auction.to_numpy()],
        ),
    ):
        in_order = [frame.sort_values(keys, ignore_index=True) for frame in (one, other)]
        pd.testing.assert_frame_equal(*in_order)
        assert one["size"].sum() == other["size"].sum()


def test_orders_add_up(session):
    """The whole size of an order is traded or deleted, and its events follow its addition."""
    orders = session.orders
    sizes = orders.pivot_table(index="order_id", columns="action", values="order_size", aggfunc="sum", fill_value=0)
    assert (sizes["TRADE"] + sizes["DELETE"] == sizes["ADD"]).all()
    added = orders[orders["action"] == "ADD"].set_index("order_id")
    assert added.index.is_unique
    assert orders["order_id"].isin(added.index).all()
    of_order = added.loc[orders["order_id"]]
    for name in ("order_side", "order_type", "order_time"):
        assert (orders[name].to_numpy() == of_order[name].to_numpy()).all()
    assert (added["time"] == added["order_time"]).all()
    later = orders[orders["action"] != "ADD"]
    assert (later["time"] > later["order_time"]).all()
    last = orders.groupby("order_id")["action"].last()
    assert set(last) == {"TRADE", "DELETE"}
    assert (orders.loc[orders["action"] == "DELETE", "order_id"].value_counts() == 1).all()


def test_orders_are_plausible(session):
    """Events are in order of time, only trades have a trade id, and a share has many events."""
    orders = session.orders
    assert orders["time"].is_monotonic_increasing
    if session.symbol in SHARES:
        assert 20_000 < len(orders) < 100_000
    traded = orders["action"] == "TRADE"
    assert ((orders["trade_id"] != "") == traded).all()
    assert orders.loc[traded, "trade_id"].is_unique
    assert set(orders["order_side"]) == {"BUY", "SELL"}
    assert set(orders["order_type"]) <= {1, 2}
    # A market order has no price until it trades.
    assert (orders["order_price"].isna() == ((orders["order_type"] == 2) & ~traded)).all()
    assert (orders["order_size"] > 0).all()
    limits = orders[(orders["order_type"] == 1) & orders["action"].isin(["ADD", "MODIFY"])]
    last_price = limits.groupby("order_id")["order_price"].last()
    trades = orders[traded & (orders["order_type"] == 1)]
    assert (trades["order_price"].to_numpy() == last_price.loc[trades["order_id"]].to_numpy()).all()


def test_auctions_uncross_at_the_price_of_their_trades(session):
    """Each auction has one uncrossing after its indications, with the price and volume of its trades."""
    uncrossed = session.auctions[session.auctions["uncrossing_condition"] != ""]
    prints = session.trades[session.in_auction]
    assert list(uncrossed["uncrossing_condition"]) == list(dict.fromkeys(prints["trade_condition"]))
    if session.symbol not in SHARES:
        assert len(session.auctions) == 0
        return
    summed = prints.groupby("trade_condition")["trade_size"].sum()
    assert (summed.loc[uncrossed["uncrossing_condition"]].to_numpy() == uncrossed["uncrossing_volume"]).all()
    prices = uncrossed.set_index("uncrossing_condition")["uncrossing_price"]
    assert (prices.loc[prints["trade_condition"]].to_numpy() == prints["trade"].to_numpy()).all()
    assert (prices["OA"], prices["CA"]) == (session.bar["open"], session.bar["close"])
    assert prices["OA"] == session.trades["trade"].iloc[0]
    assert prices["CA"] == session.trades["trade"].iloc[-1]
    assert session.auctions["time"].is_monotonic_increasing
    indications = session.auctions.drop(uncrossed.index)
    assert indications[["uncrossing_price", "uncrossing_volume"]].isna().all(axis=None)
    assert set(indications["auction_type"]) == set(uncrossed["uncrossing_type"])
    assert (indications["auction"] / session.bar["open"]).between(0.9, 1.1).all()
    assert session.status_at(indications["auction_time"])["instrument_status"].str.endswith("_CALL").all()


def test_statuses_match_the_trades(session):
    """Trades of an auction are in its uncrossing, and all others in continuous trading."""
    status = session.status_at(session.trades["time"])
    assert (status["continuous_session"].to_numpy() == ~session.in_auction.to_numpy()).all()
    names = session.trades.loc[session.in_auction, "trade_condition"].map(AUCTIONS) + "_UNCROSSING"
    assert (status["instrument_status"][session.in_auction.to_numpy()].to_numpy() == names.to_numpy()).all()
    assert session.statuses["time"].is_monotonic_increasing
    assert session.statuses["time"].iloc[0] == 0
    described = session.statuses.groupby("instrument_status")["instrument_status_description"].nunique()
    assert (described == 1).all()
    assert session.statuses["continuous_session"].any()


def test_prices_are_multiples_of_the_tick_size(session):
    """Prices of trades, quotes and orders follow the tick rule."""
    lower, step = session.rules["lower_bound"].to_numpy(), session.rules["tick_size"].to_numpy()
    assert lower[0] == 0
    assert (np.diff(lower) > 0).all()
    quoted, ordered = session.quotes, session.orders
    for prices in (session.trades["trade"], quoted["ask"], quoted["bid"], ordered["order_price"]):
        known = prices.dropna().to_numpy()
        steps = known / step[np.searchsorted(lower, known, side="right") - 1]
        np.testing.assert_allclose(steps, np.rint(steps), rtol=0, atol=1e-6)
        assert (known > 0).all()


def test_settlements_follow_the_last_trades(session):
    """A contract has one a day, captured later in UTC; that of a future is near its last trades."""
    if session.symbol in SHARES:
        assert len(session.settlement) == 0
        return
    [row] = session.settlement.itertuples()
    offset = UTC_OFFSETS[session.symbol.rpartition(".")[2]] * HOUR
    captured = row.capture_date * DAY + row.capture_time
    assert 0 < captured - (row.settlement_date * DAY + row.settlement_time - offset) < HOUR
    if session.symbol in FUTURES:
        last = session.trades[(session.trades["trade_condition"] == "AT")].tail(20)["trade"]
        assert row.settlement == pytest.approx(last.mean(), rel=0.002)
        assert row.settlement_size > 0


def test_a_window_of_orders_includes_both_ends(caller):
    """Events at from_time and to_time are in the window; their orders can be older."""
    request = {"source": "ACTIV", "symbols": ["ZAL.XE", "IBM.N"], "day": DAYS[0]}
    whole = caller.ask("orders", **request).frame()
    times = np.sort(whole["time"].to_numpy())
    first, last = (int(times[place]) for place in (50_000, 52_000))
    for start, end in ((first, last), (first + 1, last - 1)):
        window = caller.ask("orders", **request, fromTime=clock(start), toTime=clock(end)).frame()
        expected = whole[whole["time"].between(start, end)].reset_index(drop=True)
        pd.testing.assert_frame_equal(window[expected.columns], expected)
    assert caller.ask("orders", **request, fromTime="03:00", toTime="04:00").warning == ""
    assert "toTime" in caller.refusal("orders", **request, fromTime="12:00", toTime="11:00")


def clock(nanoseconds):
    seconds, fraction = divmod(nanoseconds, 10**9)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:09}"


DIGEST = """
import datetime as dt, hashlib, io
import pyarrow as pa
from tickframe.catalogue import ChainType
from tickframe.sandbox.market.simulated import SimulatedMarket
market, day = SimulatedMarket(seed=7), dt.date(2017, 8, 1)
if {warm}:
    market.orders("SAP.XE", day)
tables = [market.symbols()]
for symbol in ("IBM.N", "CL/17U.NXG"):
    published = (market.orders, market.auctions, market.settlement, market.statuses, market.tick_rules)
    tables += [one(symbol, day) for one in published]
tables += [market.chain(kind, "CL", "NYMEX", day) for kind in ChainType]
digest = hashlib.sha256(repr(market.reference("IBM.N")).encode())
for table in tables:
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema) as stream:
        stream.write_table(table)
    digest.update(buffer.getvalue())
print(digest.hexdigest())
"""


def test_two_processes_publish_the_same():
    """The data of a day depend neither on the process nor on what was simulated before."""
    digests = {
        subprocess.run([sys.executable, "-c", DIGEST.format(warm=warm)], check=True, capture_output=True).stdout
        for warm in (False, True)
    }
    assert len(digests) == 1
