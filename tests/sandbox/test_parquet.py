"""The user's own ticks are served unchanged."""

import datetime as dt
import math
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.sandbox.caller import NULL, Caller, same
from tickframe.catalogue import FUNCTIONS
from tickframe.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("TICKFRAME_REAL_TICKS", ROOT.parent / "shared" / "data" / "ticks"))
FLAGS = ["USE_MARKET_TS", "APPLY_TRADE_CORRECTIONS", "INCLUDE_CONTINUOUS_SESSION_ONLY", "EXCLUDE_CANCELLED_TRADES"]

needs_real_ticks = pytest.mark.skipif(
    not REAL.is_dir(), reason=f"no real ticks in {REAL}: set TICKFRAME_REAL_TICKS to a folder with trades/ and quotes/"
)

MONDAY, TUESDAY = dt.date(2024, 1, 8), dt.date(2024, 1, 9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ticks")
    (folder / "trades").mkdir()
    (folder / "quotes").mkdir()
    # Out of order, with several symbols and days in a file, nulls, and row groups of two rows.
    trades = pa.table(
        {
            "symbol": pa.array(["A.X", "B.X", "A.X", "A.X", "A.X"]).dictionary_encode(),
            "date": [MONDAY, MONDAY, MONDAY, TUESDAY, MONDAY],
            "time": pa.array([5_000_000, 1, 2_000_000, 3, 9_000_000], pa.time64("us")),
            "trade": [1.5, 2.5, None, 4.5, 5.5],
            "trade_size": pa.array([1, 2, 3, None, 5], pa.int32()),
            "trade_condition": ["a", "b", "", "d", None],
        }
    )
    pq.write_table(trades, folder / "trades" / "all.parquet", row_group_size=2)
    quotes = pa.table(
        {
            "symbol": ["A.X", "A.X"],
            "date": [MONDAY, MONDAY],
            "time": pa.array([6_000_000_000, 4_000_000_000], pa.duration("ns")),
            "ask": [9.5, 8.5],
            "ask_size": [1, None],
            "bid": [None, 7.5],
            "bid_size": [None, 3],
        }
    )
    pq.write_table(quotes, folder / "quotes" / "some.parquet")
    return folder


@pytest.fixture(scope="module")
def caller(folder):
    with Sandbox(folder) as sandbox:
        caller = Caller(sandbox)
        with caller.session:
            yield caller


def trades_of_monday(caller, **parameters):
    return caller.ask(
        "tickData", source="LOCAL", dataType="TRADES", symbol="A.X", day="2024-01-08", **parameters
    ).columns


@pytest.mark.parametrize("flags", [[], FLAGS])
def test_rows_keep_the_order_of_the_file(caller, flags):
    """Times, nulls and order are those of the file; no flag excludes a row."""
    columns = trades_of_monday(caller, flags=flags)
    assert columns["time"] == [5 * 10**9, 2 * 10**9, 9 * 10**9]
    assert same(columns["trade"], [1.5, math.nan, 5.5])
    assert columns["trade_size"] == [1, 3, 5]
    assert columns["trade_condition"] == ["a", "", ""]


def test_a_day_in_a_file_of_several(caller):
    """A file can hold several symbols and days."""
    columns = caller.ask("tickData", source="LOCAL", dataType="TRADES", symbol="A.X", day="2024-01-09").columns
    assert (columns["trade"], columns["trade_size"]) == ([4.5], [NULL])


def test_quotes_out_of_order_are_joined_by_time(caller):
    """An as-of join goes by time, not by position; before the first quote it is null."""
    columns = caller.ask(
        "tickData", source="LOCAL", dataType="TRADES_AND_QUOTES", symbol="A.X", day="2024-01-08"
    ).columns
    assert same(columns["ask"], [8.5, math.nan, 9.5])
    assert columns["ask_size"] == [NULL, NULL, 1]
    assert same(columns["bid"], [7.5, math.nan, math.nan])


def test_bars_skip_trades_without_a_price(caller):
    """A trade without a price does not make the prices of a bar null."""
    bars = caller.ask("endOfDay", source="LOCAL", symbols=["A.X"], firstDay="2024-01-08", lastDay="2024-01-08").columns
    assert [bars[name] for name in ("open", "high", "low", "close", "trade_count", "volume")] == [
        [1.5], [5.5], [1.5], [5.5], [2], [6],
    ]  # fmt: skip


def test_lookups_list_the_content_of_the_files(caller):
    """Exchanges and symbols are those of the files, with their first and last day."""
    assert caller.ask("sources").columns == {"source": ["LOCAL"]}
    assert caller.ask("exchanges", source="LOCAL").columns["abbreviation"] == ["X"]
    symbols = caller.ask("symbols", source="LOCAL").columns
    assert symbols["symbol"] == ["A.X", "B.X"]
    days = [(day - dt.date(1970, 1, 1)).days for day in (MONDAY, TUESDAY)]
    assert (symbols["first_day"], symbols["last_day"]) == ([days[0]] * 2, [days[1], days[0]])


def test_missing_ticks_are_a_warning(caller):
    """For a day or a symbol without rows, and for a data type without a file."""
    request = {"source": "LOCAL", "symbol": "B.X", "day": "2024-01-08"}
    reply = caller.ask("tickData", dataType="QUOTES", **request)
    assert (reply.warning, reply.columns["ask"]) == ("no data for B.X on 2024-01-08", [])
    both = caller.ask("tickData", dataType="TRADES_AND_QUOTES", **request)
    assert (both.columns["trade"], both.columns["ask_size"]) == ([2.5], [NULL])
    assert caller.ask("tickData", dataType="TRADES", **{**request, "symbol": "C.X"}).warning == (
        "symbol C.X does not exist"
    )


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("order_data", "orders"),
        ("auction_data", "auctions"),
        ("settlement_prices", "settlement prices"),
        ("instrument_status", "statuses"),
        ("tick_rules", "tick rules"),
        ("chain", "chains"),
    ],
)
def test_functions_other_than_ticks_return_a_warning(caller, function, words):
    """With the documented columns and no rows."""
    values = {"source": "LOCAL", "symbol": "A.X", "symbols": ["A.X"], "exchange": "X", "chainType": "OPTIONS"}
    values |= dict.fromkeys(("day", "firstDay", "lastDay"), "2024-01-08")
    required = [parameter.wire_name for parameter in FUNCTIONS[function].parameters if parameter.required]
    reply = caller.ask(FUNCTIONS[function].endpoint, **{name: values[name] for name in required})
    assert reply.warning == f"LOCAL has no {words}: it holds only trades and quotes"
    assert reply.columns == {column.name: [] for column in FUNCTIONS[function].columns}


def test_reference_data_have_only_the_symbols(caller):
    """Everything else is empty, including the columns of a requested type."""
    request = {"source": "LOCAL", "symbols": ["A.X", "B.X"]}
    reply = caller.ask("referenceData", **request, day="2024-01-09")
    assert reply.warning == "no data for B.X on 2024-01-09"
    assert reply.columns == {
        "symbol": ["A.X"], "local_code": ["A"], "isin": [""], "name": ["A.X"],
        "country_code": [""], "currency": [""], "entity_type": [""],
    }  # fmt: skip
    shares = caller.ask("referenceData", **request, day="2024-01-08", instrumentType="equities").columns
    assert (shares["symbol"], shares["lot_size"]) == (["A.X", "B.X"], [NULL, NULL])


def test_a_folder_without_ticks_is_refused(tmp_path):
    """The error states the expected files and columns."""
    with pytest.raises(ValueError, match=r"trades.*parquet with columns symbol, date, time"):
        Sandbox(tmp_path)
    (tmp_path / "trades").mkdir()
    broken = tmp_path / "trades" / "broken.parquet"
    broken.write_bytes(b"ticks")
    with pytest.raises(ValueError, match=r"broken\.parquet is not a Parquet file"):
        Sandbox(tmp_path)
    pq.write_table(pa.table({"symbol": ["A.X"], "date": [MONDAY]}), broken)
    with pytest.raises(ValueError, match=r"broken\.parquet has no column time, trade"):
        Sandbox(tmp_path)
    columns = {"symbol": ["A.X"], "trade": [1.0], "trade_size": [1], "trade_condition": [""]}
    pq.write_table(pa.table({**columns, "date": [MONDAY], "time": ["09:00"]}), broken)
    with pytest.raises(ValueError, match=r"column time of .*broken\.parquet is of type string"):
        Sandbox(tmp_path)
    pq.write_table(pa.table({**columns, "date": [None], "time": pa.array([1], pa.duration("ns"))}), broken)
    with pytest.raises(ValueError, match="rows without a symbol or a date"):
        Sandbox(tmp_path)


@needs_real_ticks
@pytest.mark.parametrize("kind", ["trades", "quotes"])
def test_real_ticks_equal_those_in_the_file(kind):
    """Every value and null of a real day, in the order of the file."""
    file = pq.read_table(REAL / kind / "IBM.N_2013-10-07.parquet")
    with Sandbox(REAL) as sandbox:
        caller = Caller(sandbox)
        reply = caller.ask("tickData", source="LOCAL", dataType=kind.upper(), symbol="IBM.N", day="2013-10-07")
        caller.session.close()
    columns = reply.columns
    assert set(columns) == set(file.column_names)
    for name in file.column_names:
        values = file[name]
        if name == "time":
            values = values.cast(pa.int64())
        elif name == "date":
            values = values.cast(pa.int32())
        elif pa.types.is_floating(values.type):
            values = pc.fill_null(values, math.nan)
        elif pa.types.is_integer(values.type):
            values = pc.fill_null(values, NULL)
        assert same(columns[name], values.to_pylist()), name
