"""Ticks, bars and snapshots of the simulated market, compared with simple and slow calculations."""

import hashlib
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox.caller import NULL, Caller, same
from tickframe.sandbox import Sandbox

ZAL = {"source": "ACTIV", "symbol": "ZAL.XE", "day": "2016-05-05"}
EVERY_TRADE = ["INCLUDE_NON_REGULAR"]
HOUR = 3600 * 10**9


@pytest.fixture(scope="module")
def trades(caller):
    return caller.ask("tickData", dataType="TRADES", **ZAL).frame()


@pytest.fixture(scope="module")
def quotes(caller):
    return caller.ask("tickData", dataType="QUOTES", **ZAL).columns


def ticks(caller, *flags, data_type="TRADES"):
    return caller.ask("tickData", dataType=data_type, **ZAL, flags=list(flags)).frame()


def prevailing(quotes, time, *, inclusive=True):
    """Return the last quote as of a time, by looking at all quotes."""
    found = None
    for row, quoted in enumerate(quotes["time"]):
        if quoted < time or (inclusive and quoted == time):
            found = row
    names = ("ask", "ask_size", "bid", "bid_size")
    empty = {"ask": math.nan, "ask_size": NULL, "bid": math.nan, "bid_size": NULL}
    return empty if found is None else {name: quotes[name][found] for name in names}


@pytest.mark.parametrize(
    ("data_type", "lists"),
    [
        ("TRADES", {"trade": "double_list", "trade_size": "integer_list", "trade_condition": "string_list"}),
        (
            "QUOTES",
            {"ask": "double_list", "ask_size": "integer_list", "bid": "double_list", "bid_size": "integer_list"},
        ),
    ],
)
@pytest.mark.parametrize("day", ["2016-05-05", "2016-05-07"])
def test_columns_are_sent_in_documented_lists(caller, data_type, lists, day):
    """A busy day and a weekend have the same columns in the same lists."""
    kinds = caller.ask("tickData", dataType=data_type, **{**ZAL, "day": day}).kinds
    assert kinds == {"symbol": "string_list", "date": "days_list", "time": "nanoseconds_list", **lists}


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"symbol": "FOO.XE"}, "symbol FOO.XE does not exist"),
        ({"symbol": "../etc"}, "symbol ../etc does not exist"),
        ({"day": "2016-05-07"}, "no data for ZAL.XE on 2016-05-07"),
        ({"day": "2009-12-31"}, "no data for ZAL.XE on 2009-12-31"),
        ({"day": "9999-12-31"}, "no data for ZAL.XE on 9999-12-31"),
    ],
)
@pytest.mark.parametrize("endpoint", ["tickData", "tickAggregated"])
def test_a_response_without_data_has_a_warning(caller, endpoint, changes, warning):
    """An unknown symbol or a day without data is 200 with no rows and a warning."""
    reply = caller.ask(endpoint, dataType="TRADES_AND_QUOTES", **{**ZAL, **changes})
    assert reply.warning == warning
    assert {len(values) for values in reply.columns.values()} == {0}


def test_a_session_is_plausible(trades, quotes):
    """Ticks are in order, many share a time, prices are on the grid, and the book is never crossed."""
    assert 5_000 < len(trades) < 30_000
    assert 15_000 < len(quotes["time"]) < 100_000
    assert trades["time"].is_monotonic_increasing
    assert quotes["time"] == sorted(quotes["time"])
    assert (trades["time"].diff() == 0).mean() > 0.2
    assert (trades["trade"] == trades["trade"].round(3)).all()
    assert all(not ask <= bid for ask, bid in zip(quotes["ask"], quotes["bid"], strict=True))
    assert set(trades["trade_condition"]) >= {"OA", "AT", "IA", "CA"}
    busy = trades.groupby(trades["time"] // HOUR).size()
    assert busy[9] > busy[12] < busy[16]
    null_sizes = [size == NULL for size in quotes["ask_size"]], [size == NULL for size in quotes["bid_size"]]
    assert null_sizes == ([math.isnan(ask) for ask in quotes["ask"]], [math.isnan(bid) for bid in quotes["bid"]])
    assert any(map(any, null_sizes))


def test_prices_are_continuous_from_day_to_day(caller):
    """A day opens near the close of the day before."""
    bars = caller.ask(
        "endOfDay", source="ACTIV", symbols=["ZAL.XE"], firstDay="2016-05-02", lastDay="2016-05-06"
    ).columns
    for close, opening in zip(bars["close"], bars["open"][1:], strict=False):
        assert abs(math.log(opening / close)) < 0.01


def test_windows_include_both_ends(caller, trades):
    """Ticks at from_time and to_time are in the window, to the nanosecond."""
    first, last = int(trades["time"].iloc[2000]), int(trades["time"].iloc[3000])
    for start, end in ((first, last), (first + 1, last - 1)):
        expected = trades[(trades["time"] >= start) & (trades["time"] <= end)]
        window = {"fromTime": clock(start), "toTime": clock(end)}
        assert caller.ask("tickData", dataType="TRADES", **ZAL, **window).columns["time"] == list(expected["time"])


def test_an_empty_window_has_no_rows(caller):
    """A window without ticks on a day with data has no rows and no warning."""
    reply = caller.ask("tickData", dataType="TRADES", **ZAL, fromTime="03:00", toTime="03:30")
    assert (reply.columns["time"], reply.warning) == ([], "")


def test_trades_and_quotes_is_an_as_of_join(caller, trades, quotes):
    """Each trade has the last quote at or before its time, even from before the window."""
    start, end = int(trades["time"].iloc[500]), int(trades["time"].iloc[620])
    joined = caller.ask(
        "tickData", dataType="TRADES_AND_QUOTES", **ZAL, fromTime=clock(start), toTime=clock(end)
    ).columns
    inside = trades[(trades["time"] >= start) & (trades["time"] <= end)]
    assert joined["time"] == list(inside["time"])
    assert joined["trade"] == list(inside["trade"])
    expected = [prevailing(quotes, time) for time in joined["time"]]
    for name in ("ask", "ask_size", "bid", "bid_size"):
        assert same(joined[name], [quote[name] for quote in expected])


@pytest.mark.parametrize(
    "window", [(9 * HOUR, 10 * HOUR, 60), (8 * HOUR, 18 * HOUR, 3600), (9 * HOUR, 9 * HOUR + 10**10, 7)]
)
def test_bars_equal_a_simple_calculation(caller, trades, quotes, window):
    """A bin includes its start and excludes its end, the last includes both; quotes prevail at its end."""
    start, end, size = window
    bars = caller.ask(
        "tickAggregated",
        dataType="TRADES_AND_QUOTES",
        **ZAL,
        fromTime=clock(start),
        toTime=clock(end),
        binSize=size,
    ).columns
    rows = list(trades.itertuples())
    opening, row = start, 0
    while opening < end:
        closing = min(opening + size * 10**9, end)
        inside = [t for t in rows if opening <= t.time < closing or (closing == end == t.time)]
        prices = [t.trade for t in inside]
        assert bars["time"][row] == closing
        assert bars["trade_count"][row] == len(inside)
        assert bars["volume"][row] == sum(t.trade_size for t in inside)
        assert bars["trade_condition"][row] == (inside[-1].trade_condition if inside else "")
        expected = [prices[0], max(prices), min(prices), prices[-1]] if prices else [math.nan] * 4
        assert same([bars[name][row] for name in ("open", "high", "low", "close")], expected)
        quote = prevailing(quotes, closing, inclusive=closing == end)
        assert same([bars[name][row] for name in quote], list(quote.values()))
        opening, row = closing, row + 1
    assert row == len(bars["time"])


def test_bars_of_a_whole_day(caller, trades):
    """By default the bins are the minutes of the day, and each trade is in one of them."""
    bars = caller.ask("tickAggregated", dataType="TRADES", **ZAL).columns
    assert bars["time"] == [minute * 60 * 10**9 for minute in range(1, 1441)]
    assert sum(bars["trade_count"]) == len(trades)
    assert math.isnan(bars["open"][0])


@pytest.mark.parametrize("size", [0, -60])
def test_an_invalid_bin_size_is_refused(caller, size):
    """A bin has at least one second."""
    assert "binSize" in caller.refusal("tickAggregated", dataType="TRADES", **ZAL, binSize=size)


def test_a_huge_bin_is_the_whole_window(caller):
    """A bin longer than the window ends with it."""
    bars = caller.ask("tickAggregated", dataType="TRADES", **ZAL, binSize=2**62).columns
    assert bars["time"] == [24 * HOUR]


def test_a_snapshot_is_the_most_recent_tick(caller, trades, quotes):
    """A tick at the time itself counts; the time of the row is the later one of trade and quote."""
    at = int(trades["time"].iloc[4000])
    last = trades[trades["time"] <= at].iloc[-1]
    quoted = max(time for time in quotes["time"] if time <= at)
    parameters = {"source": "ACTIV", "symbols": ["ZAL.XE"], "day": "2016-05-05", "time": clock(at)}
    row = caller.ask("tickSnapshot", dataType="TRADES_AND_QUOTES", **parameters).columns
    assert row["time"] == [max(at, quoted)]
    assert (row["trade"], row["trade_size"]) == ([last["trade"]], [last["trade_size"]])
    quote = prevailing(quotes, at)
    assert same([row[name][0] for name in quote], list(quote.values()))
    assert caller.ask("tickSnapshot", dataType="QUOTES", **parameters).columns["time"] == [quoted]


def test_a_snapshot_has_no_row_for_symbols_without_ticks(caller):
    """A symbol that is unknown, has no data or no earlier tick is a warning."""
    reply = caller.ask(
        "tickSnapshot",
        dataType="TRADES",
        source="ACTIV",
        symbols=["ZAL.XE", "IBM.N", "FOO.XE"],
        day="2016-05-05",
        time="09:10",
    )
    assert reply.columns["symbol"] == ["ZAL.XE"]
    assert "symbol FOO.XE does not exist" in reply.warning
    assert "no data for IBM.N on 2016-05-05" in reply.warning
    assert "'symbols'" in caller.refusal(
        "tickSnapshot", dataType="TRADES", source="ACTIV", symbols=[], day="2016-05-05", time="09:10"
    )


def test_end_of_day_equals_the_trades(caller):
    """A bar is of the day's regular trades that were not cancelled; weekends have none."""
    reply = caller.ask(
        "endOfDay", source="ACTIV", symbols=["ZAL.XE", "FOO.XE"], firstDay="2016-05-05", lastDay="2016-05-08"
    )
    bars = reply.columns
    trades = ticks(caller, "EXCLUDE_CANCELLED_TRADES")
    assert reply.warning == "symbol FOO.XE does not exist"
    assert bars["date"] == [16926, 16927]
    assert [bars[name][0] for name in ("open", "high", "low", "close", "trade_count", "volume")] == [
        trades["trade"].iloc[0],
        trades["trade"].max(),
        trades["trade"].min(),
        trades["trade"].iloc[-1],
        len(trades),
        trades["trade_size"].sum(),
    ]


def test_end_of_day_of_a_period_before_all_data(caller):
    """A period without data is a warning; a reversed period is refused."""
    period = {"source": "ACTIV", "symbols": ["ZAL.XE"], "firstDay": "1990-01-01", "lastDay": "2009-12-31"}
    reply = caller.ask("endOfDay", **period)
    assert reply.columns["symbol"] == []
    assert reply.warning == "no data for ZAL.XE from 1990-01-01 to 2009-12-31"
    assert "before" in caller.refusal("endOfDay", **{**period, "firstDay": "2010-01-01"})


def test_non_regular_trades_are_included_on_request(caller, trades):
    """Off-book trades and late reports are excluded by default."""
    everything = ticks(caller, *EVERY_TRADE)
    added = set(everything["trade_condition"]) - set(trades["trade_condition"])
    assert added == {"OTC", "LR"}
    assert len(everything[~everything["trade_condition"].isin(added)]) == len(trades)


def test_market_times_are_earlier_and_in_order(caller):
    """The exchange's times are whole microseconds, in order, and before the capture times."""
    captured, market = ticks(caller, *EVERY_TRADE), ticks(caller, *EVERY_TRADE, "USE_MARKET_TS")
    assert len(captured) == len(market)
    assert market["time"].is_monotonic_increasing
    assert (market["time"] % 1000 == 0).all()
    assert (captured["time"] % 1000 != 0).any()
    assert (captured["time"] > market["time"]).all()


def test_corrections_change_prices_and_sizes_of_corrected_trades(caller, trades):
    """All other trades are unchanged."""
    corrected = ticks(caller, "APPLY_TRADE_CORRECTIONS")
    changed = corrected["trade_condition"] == "CT"
    assert changed.any()
    assert (corrected["trade"] != trades["trade"])[changed].all()
    assert (corrected["trade_size"] != trades["trade_size"])[changed].all()
    assert corrected[~changed].equals(trades[~changed])


def test_cancelled_trades_can_be_excluded(caller, trades):
    """They are included by default."""
    selected = ticks(caller, "EXCLUDE_CANCELLED_TRADES")
    cancelled = trades["trade_condition"] == "XT"
    assert cancelled.any()
    assert selected.equals(trades[~cancelled].reset_index(drop=True))


def test_only_the_continuous_session(caller, quotes):
    """Auctions and ticks before the opening are excluded, for trades and quotes."""
    selected = ticks(caller, "INCLUDE_CONTINUOUS_SESSION_ONLY", *EVERY_TRADE)
    assert set(selected["trade_condition"]) == {"AT", "XT", "CT"}
    quoted = ticks(caller, "INCLUDE_CONTINUOUS_SESSION_ONLY", data_type="QUOTES")
    assert quoted["time"].min() > 9 * HOUR
    assert 0 < len(quoted) < len(quotes["time"])


def test_conditions_are_explained_on_request(caller):
    """The meta then describes every condition in the response."""
    reply = caller.ask("tickData", dataType="TRADES", **ZAL, flags=["INCLUDE_TRADE_CONDITION_INFO"])
    conditions = reply.meta["trade_conditions"].object.fields
    assert set(conditions) == set(reply.columns["trade_condition"])
    auction = conditions["OA"].object.fields
    assert auction["trade_description"].string_value == "Opening auction"
    assert auction["trade_category"].string_value == "Lit - Auction"
    assert auction["continuous_session"].bool_value is False
    assert "trade_conditions" not in caller.ask("tickData", dataType="TRADES", **ZAL).meta


DIGEST = """
import datetime as dt, hashlib, io
import pyarrow as pa
from tickframe.sandbox.market.simulated import SimulatedMarket
market = SimulatedMarket(seed=7)
digest = hashlib.sha256()
for symbol in {symbols}:
    for table in (market.trades(symbol, dt.date(2016, 5, 5)), market.quotes(symbol, dt.date(2016, 5, 5))):
        buffer = io.BytesIO()
        with pa.ipc.new_stream(buffer, table.schema) as stream:
            stream.write_table(table)
        digest.update(buffer.getvalue()) if symbol == "IBM.N" else None
print(digest.hexdigest())
"""


def test_two_processes_simulate_the_same():
    """A day depends neither on the process nor on what was simulated before."""
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST.format(symbols=symbols)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for symbols in (["IBM.N"], ["ZAL.XE", "IBM.N"])
    }
    assert len(digests) == 1
    assert digests != {hashlib.sha256().hexdigest() + "\n"}


def test_both_sources_have_the_same_ticks(caller, trades):
    """SIMULATED is another name for ACTIV."""
    other = caller.ask("tickData", dataType="TRADES", **{**ZAL, "source": "SIMULATED"})
    assert other.frame().equals(trades)


def clock(nanoseconds):
    seconds, fraction = divmod(nanoseconds, 10**9)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:09}"


def test_concurrent_clients_get_what_one_client_gets(sandbox, caller):
    """Parallel requests for days that are not simulated yet do not affect each other."""
    days = [{"symbol": symbol, "day": day} for symbol in ("SAP.XE", "KO.N") for day in ("2018-03-05", "2018-03-06")]

    def ask(parameters):
        other = Caller(sandbox)
        with other.session:
            return other.ask("tickData", source="ACTIV", dataType="TRADES", **parameters).columns

    with ThreadPoolExecutor(8) as callers:
        columns = list(callers.map(ask, days * 3))
    expected = [caller.ask("tickData", source="ACTIV", dataType="TRADES", **day).columns for day in days]
    assert columns == expected * 3


def test_another_seed_is_another_market(trades):
    """The seed changes the ticks, but not the listed shares."""
    with Sandbox(seed=1) as sandbox:
        other = Caller(sandbox)
        with other.session:
            columns = other.ask("tickData", dataType="TRADES", **ZAL).columns
    assert columns["trade"] != list(trades["trade"])
