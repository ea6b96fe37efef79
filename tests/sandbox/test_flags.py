"""Flags select the same ticks in every function that takes them."""

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
    named = {"symbols": [symbol]} if function == "tickSnapshot" else {"symbol": symbol}
    return caller.ask(function, source="ACTIV", dataType=data_type, day=DAY, flags=list(flags), **named, **more)


@pytest.fixture(params=SYMBOLS)
def symbol(request):
    return request.param


@pytest.mark.parametrize("flags", FLAGS)
def test_bars_and_snapshots_are_of_the_selected_ticks(caller, symbol, flags):
    """The bars add up to the ticks, and a snapshot is the last of them."""
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


def test_each_flag_selects_other_trades(caller, symbol):
    """Trades off the book, outside continuous trading, cancelled or corrected."""
    every = ("INCLUDE_NON_REGULAR",)
    regular, everything = (ask(caller, "tickData", symbol, "TRADES", flags).frame() for flags in ((), every))
    codes = set(everything["trade_condition"])
    auctions = set() if "/" in symbol else {"OA", "CA"} | codes & {"IA"}
    assert codes == {"AT", "XT", "CT", "OTC", "LR"} | auctions
    assert set(regular["trade_condition"]) == codes - {"OTC", "LR"}
    continuous = ask(caller, "tickData", symbol, "TRADES", ("INCLUDE_CONTINUOUS_SESSION_ONLY", *every)).frame()
    assert set(continuous["trade_condition"]) == {"AT", "XT", "CT"}
    selected = ask(caller, "tickData", symbol, "TRADES", ("EXCLUDE_CANCELLED_TRADES", *every)).frame()
    assert set(selected["trade_condition"]) == codes - {"XT"}
    corrected = ask(caller, "tickData", symbol, "TRADES", ("APPLY_TRADE_CORRECTIONS",)).frame()
    assert set(corrected["trade_condition"][corrected["trade"] != regular["trade"]]) == {"CT"}


def test_quotes_of_the_continuous_session_are_in_continuous_phases(caller, symbol):
    """A quote is in the phase in which it was captured; its market time is earlier."""
    quotes = ask(caller, "tickData", symbol, "QUOTES", ()).frame()
    selected = ask(caller, "tickData", symbol, "QUOTES", ("INCLUDE_CONTINUOUS_SESSION_ONLY",)).frame()
    statuses = caller.ask("instrumentStatus", source="ACTIV", symbols=[symbol], day=DAY).frame()
    place = np.searchsorted(statuses["time"].to_numpy(), quotes["time"].to_numpy(), side="right") - 1
    continuous = statuses["continuous_session"].to_numpy()[place]
    assert selected.equals(quotes[continuous].reset_index(drop=True))
    assert 0 < len(selected) < len(quotes)
    market = ask(caller, "tickData", symbol, "QUOTES", ("USE_MARKET_TS",)).frame()
    assert len(market) == len(quotes)
    assert (market["time"] % 1000 == 0).all()
    assert (market["time"] < quotes["time"]).all()
    utc = ask(caller, "tickData", symbol, "QUOTES", ("USE_MARKET_UTC_TS",))
    assert utc.frame().equals(market)
    assert "USE_MARKET_UTC_TS is not simulated" in utc.warning


@pytest.mark.parametrize("function", ["tickData", "tickAggregated", "tickSnapshot"])
def test_conditions_are_explained_in_every_response_with_trades(caller, function):
    """All conditions in the response, and no others; quotes have none."""
    more = {"time": "12:00"} if function == "tickSnapshot" else {}
    flags = ("INCLUDE_TRADE_CONDITION_INFO", "INCLUDE_NON_REGULAR")
    reply = ask(caller, function, SYMBOLS[0], "TRADES", flags, **more)
    assert set(reply.meta["trade_conditions"].object.fields) == set(reply.columns["trade_condition"]) - {""}
    assert "trade_conditions" not in ask(caller, function, SYMBOLS[0], "QUOTES", flags, **more).meta
