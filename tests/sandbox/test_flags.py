"""Flags: each says which ticks there are, the same to every function that takes it."""

import numpy as np
import pytest

DAY = "2017-08-01"
SYMBOLS = ("ADS.XE", "KO.N", "CL/17V.NXG")
NOON = 12 * 3600 * 10**9
FLAGS = (
    (),
    ("USE_MARKET_TS",),
    ("APPLY_TRADE_CORRECTIONS",),
    ("INCLUDE_NON_REGULAR",),
    ("INCLUDE_CONTINUOUS_SESSION_ONLY",),
    ("EXCLUDE_CANCELLED_TRADES",),
    ("USE_MARKET_TS", "APPLY_TRADE_CORRECTIONS", "INCLUDE_NON_REGULAR", "EXCLUDE_CANCELLED_TRADES"),
)


def ask(caller, function, symbol, data_type, flags, **more):
    asked = {"symbols": [symbol]} if function == "tickSnapshot" else {"symbol": symbol}
    return caller.ask(function, source="ACTIV", dataType=data_type, day=DAY, flags=list(flags), **asked, **more)


@pytest.fixture(params=SYMBOLS)
def symbol(request):
    return request.param


@pytest.mark.parametrize("flags", FLAGS)
def test_bars_and_snapshots_are_of_the_ticks_that_flags_leave(caller, symbol, flags):
    """Sums of bars are those of the ticks, and a snapshot is the last of them."""
    ticks = ask(caller, "tickData", symbol, "TRADES_AND_QUOTES", flags).frame()
    trades = ask(caller, "tickData", symbol, "TRADES", flags).frame()
    quotes = ask(caller, "tickData", symbol, "QUOTES", flags).frame()
    assert ticks[trades.columns].equals(trades)
    bars = ask(caller, "tickAggregated", symbol, "TRADES", flags, binSize=3600).frame()
    assert bars["trade_count"].sum() == len(trades)
    assert bars["volume"].sum() == trades["trade_size"].sum()
    assert (bars["high"].max(), bars["low"].min()) == (trades["trade"].max(), trades["trade"].min())
    [row] = ask(caller, "tickSnapshot", symbol, "TRADES_AND_QUOTES", flags, time="12:00").frame().itertuples()
    before = [table[table["time"] <= NOON] for table in (trades, quotes)]
    assert row.trade == before[0]["trade"].iloc[-1]
    assert row.bid == before[1]["bid"].iloc[-1]
    assert row.time == max(table["time"].iloc[-1] for table in before)


def test_each_flag_leaves_other_trades(caller, symbol):
    """What is off the book, out of continuous trading, cancelled or corrected."""
    every = ("INCLUDE_NON_REGULAR",)
    usual, everything = (ask(caller, "tickData", symbol, "TRADES", flags).frame() for flags in ((), every))
    codes = set(everything["trade_condition"])
    auctions = set() if "/" in symbol else {"OA", "CA"} | codes & {"IA"}
    assert codes == {"AT", "XT", "CT", "OTC", "LR"} | auctions
    assert set(usual["trade_condition"]) == codes - {"OTC", "LR"}
    continuous = ask(caller, "tickData", symbol, "TRADES", ("INCLUDE_CONTINUOUS_SESSION_ONLY", *every)).frame()
    assert set(continuous["trade_condition"]) == {"AT", "XT", "CT"}
    kept = ask(caller, "tickData", symbol, "TRADES", ("EXCLUDE_CANCELLED_TRADES", *every)).frame()
    assert set(kept["trade_condition"]) == codes - {"XT"}
    corrected = ask(caller, "tickData", symbol, "TRADES", ("APPLY_TRADE_CORRECTIONS",)).frame()
    assert set(corrected["trade_condition"][corrected["trade"] != usual["trade"]]) == {"CT"}


def test_quotes_of_continuous_trading_are_those_of_its_statuses(caller, symbol):
    """The flag leaves the quotes that were captured in a continuous phase; market times are the exchange's."""
    quotes = ask(caller, "tickData", symbol, "QUOTES", ()).frame()
    kept = ask(caller, "tickData", symbol, "QUOTES", ("INCLUDE_CONTINUOUS_SESSION_ONLY",)).frame()
    statuses = caller.ask("instrumentStatus", source="ACTIV", symbols=[symbol], day=DAY).frame()
    place = np.searchsorted(statuses["time"].to_numpy(), quotes["time"].to_numpy(), side="right") - 1
    continuous = statuses["continuous_session"].to_numpy()[place]
    assert kept.equals(quotes[continuous].reset_index(drop=True))
    assert 0 < len(kept) < len(quotes)
    market = ask(caller, "tickData", symbol, "QUOTES", ("USE_MARKET_TS",)).frame()
    assert len(market) == len(quotes)
    assert (market["time"] % 1000 == 0).all()
    assert (market["time"] < quotes["time"]).all()


@pytest.mark.parametrize("function", ["tickData", "tickAggregated", "tickSnapshot"])
def test_conditions_are_explained_in_every_answer_of_trades(caller, function):
    """All conditions of the answer, and no others; quotes have none."""
    more = {"time": "12:00"} if function == "tickSnapshot" else {}
    asked = ("INCLUDE_TRADE_CONDITION_INFO", "INCLUDE_NON_REGULAR")
    reply = ask(caller, function, SYMBOLS[0], "TRADES", asked, **more)
    assert set(reply.meta["trade_conditions"].object.fields) == set(reply.columns["trade_condition"]) - {""}
    assert "trade_conditions" not in ask(caller, function, SYMBOLS[0], "QUOTES", asked, **more).meta
