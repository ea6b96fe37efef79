"""Queries against the sandbox: parts, outcomes, warnings, pages, and conversions."""

from __future__ import annotations

import datetime as dt
import pickle
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import tickframe as tf
from tests.scripted_server import Reply, ScriptedServer
from tickframe.catalogue import FUNCTIONS
from tickframe.errors import DecodeError, IncompletePagesError
from tickframe.run.outcomes import Estimate, evenly_spread
from tickframe.sandbox import Sandbox
from tickframe.wire.batch import documented_schema
from tickframe.wire.completeness import announced_holes
from tickframe.wire.contract import DataRequest, DataResponse, Value
from tickframe.wire.frames import write_frame

WEEK = ("2016-05-02", "2016-05-04")
SYMBOLS = ["ZAL.XE", "ADS.XE"]


@pytest.fixture(scope="module")
def week(client: tf.Client) -> tf.Query:
    return client.tick_data("ACTIV", SYMBOLS, WEEK, data_type="TRADES", from_time="09:00", to_time="09:30")


def test_a_query_sends_nothing_before_it_is_loaded(scripted: ScriptedServer) -> None:
    with tf.Client(scripted.url, token="t") as client:
        query = client.tick_data("ACTIV", SYMBOLS, WEEK, data_type="TRADES")
        assert len(query.parts()) == 6
        assert "tick_data" in repr(query)
        assert len(query.outcomes) == 0
    assert scripted.received == []


def test_there_is_a_part_for_each_symbol_and_calendar_day(week: tf.Query) -> None:
    parts = week.parts()
    assert parts["symbol"].tolist() == SYMBOLS * 3
    assert parts["day"].tolist() == [dt.date(2016, 5, day) for day in (2, 2, 3, 3, 4, 4)]
    assert set(parts["function"]) == {"tick_data"}


def test_a_part_is_picklable(week: tf.Query) -> None:
    week.to_arrow()
    for outcome in week.outcomes:
        assert pickle.loads(pickle.dumps(outcome.part)) == outcome.part  # noqa: S301, our own bytes


def test_all_rows_of_all_parts_arrive_in_order(week: tf.Query) -> None:
    frame = week.to_pandas(order="parts")
    assert frame.index.name == "timestamp"
    assert len(frame) == sum(outcome.rows for outcome in week.outcomes) > 100
    seen = dict.fromkeys(zip(frame.index.normalize(), frame["symbol"], strict=True))
    assert list(seen) == [(pd.Timestamp(2016, 5, day), symbol) for day in (2, 3, 4) for symbol in SYMBOLS]


def test_rows_of_several_symbols_are_in_order_of_time(week: tf.Query) -> None:
    """Slices, rolling windows and asof of pandas need an index in order; rows of one time keep that of the parts."""
    frame = week.to_pandas()
    pd.testing.assert_frame_equal(frame, week.to_pandas(order="parts").sort_index(kind="stable"))
    assert 0 < len(frame.loc["2016-05-03 09:01":"2016-05-03 09:02"]) < len(frame)
    assert frame["trade"].rolling("1min").mean().notna().all()
    assert frame["trade"].asof(pd.Timestamp("2016-05-03 09:02")) > 0


def test_arrow_rows_are_in_order_of_time_on_request(week: tf.Query) -> None:
    in_order = week.to_arrow(order="time")
    assert in_order["timestamp"].to_pandas().is_monotonic_increasing
    assert week.to_reader(order="time").read_all().equals(in_order)
    documented = week.to_arrow(order="time", times="documented")
    assert documented.schema == week.to_arrow(times="documented").schema
    assert documented["trade"].equals(in_order["trade"])
    assert not week.to_arrow()["timestamp"].to_pandas().is_monotonic_increasing


def test_a_zone_for_each_suffix_gives_an_index_in_utc(client: tf.Client) -> None:
    query = client.tick_data("ACTIV", ["ZAL.XE", "VOD.L"], "2016-05-03", data_type="TRADES", to_time="09:05")
    frame = query.to_pandas(tz={"XE": "Europe/Berlin", "L": "Europe/London"})
    assert str(frame.index.tz) == "UTC"
    naive = query.to_pandas(order="parts")
    for symbol, hours in (("ZAL.XE", 2), ("VOD.L", 1)):
        clock = naive.index[(naive["symbol"] == symbol).to_numpy()] - pd.Timedelta(hours=hours)
        assert len(clock) > 0
        assert frame.index[(frame["symbol"] == symbol).to_numpy()].tz_localize(None).equals(clock)
    with pytest.raises(ValueError, match="suffixes 'L'"):
        query.to_arrow(tz={"XE": "Europe/Berlin"})


def test_the_schema_is_known_without_asking(scripted: ScriptedServer) -> None:
    with tf.Client(scripted.url, token="t") as client:
        schema = pa.schema(client.tick_data("ACTIV", "A", "2016-05-02", data_type="TRADES"))
        assert schema.names == ["timestamp", "symbol", "trade", "trade_size", "trade_condition"]
        assert schema.field("timestamp").type == pa.timestamp("ns")
        with pytest.raises(ValueError, match="not documented"):
            pa.schema(client.get("ACTIV", "x"))
    assert scripted.received == []


def test_a_row_before_the_day_of_its_part_is_sorted_in_memory_and_refused_in_a_stream(scripted: ScriptedServer) -> None:
    def reply(day: int) -> Reply:
        response = DataResponse()
        response.data.columns["date"].days_list.values.append(day)
        response.data.columns["time"].nanoseconds_list.values.append(1)
        response.data.columns["trade"].double_list.values.append(day)
        return Reply(write_frame(response.SerializeToString()))

    days = {dt.date(1970, 1, 11): 10, dt.date(1970, 1, 12): 3}
    scripted.reply(*(reply(day) for _ in range(3) for day in days.values()))
    with tf.Client(scripted.url, token="t", max_workers=1) as client:
        parts = tuple(part for day in days for part in client.get("ACTIV", "x", day=day).plan.parts)
        query = client.get("ACTIV", "x", day=dt.date(1970, 1, 11))
        query = tf.Query(replace(query.plan, parts=parts), query.source)
        assert query.to_pandas()["trade"].tolist() == [3.0, 10.0]
        assert query.to_arrow(order="time")["trade"].to_pylist() == [3.0, 10.0]
        with pytest.raises(tf.errors.DecodeError, match="earlier than the day"):
            query.to_reader(order="time").read_all()


def test_there_is_an_outcome_for_every_part(week: tf.Query) -> None:
    week.to_arrow()
    table = week.outcomes.to_pandas()
    assert len(week.outcomes) == len(table) == 6
    assert (table["rows"] > 0).all()
    assert (table["bytes"] > 0).all()
    assert (table["attempts"] == 1).all()
    assert (table["origin"] == "service").all()
    assert (table["warning"] + table["error"] == "").all()
    assert "6 parts" in repr(week.outcomes)
    assert len(week.outcomes[:2]) == 2


def test_every_conversion_has_the_same_rows(week: tf.Query, tmp_path: Path) -> None:
    table = week.to_arrow()
    documented = documented_schema(FUNCTIONS["tick_data"].columns_for(tf.TickDataType.TRADES))
    others = [field for field in documented if field.name not in ("date", "time")]
    assert table.schema == pa.schema([("timestamp", pa.timestamp("ns")), *others])
    assert week.to_arrow(times="documented").schema == documented
    assert week.to_reader().read_all().equals(table)
    assert pa.table(week).equals(table)
    week.to_parquet(tmp_path)
    dataset = ds.dataset(tmp_path, partitioning=ds.partitioning(flavor="hive"))
    assert dataset.count_rows() == table.num_rows
    assert len(week.to_pandas()) == table.num_rows


def test_polars_and_duckdb_read_the_arrow_stream(week: tf.Query) -> None:
    polars = pytest.importorskip("polars")
    duckdb = pytest.importorskip("duckdb")
    rows = week.to_arrow().num_rows
    assert polars.DataFrame(week).equals(week.to_polars())
    reader = week.to_reader()  # noqa: F841, DuckDB finds it by its name
    assert duckdb.sql("select count(*) from reader").fetchall() == [(rows,)]
    assert duckdb.sql("select count(*) from week").fetchall() == [(rows,)]


def test_a_reader_requests_part_by_part(week: tf.Query) -> None:
    reader = week.to_reader()
    reader.read_next_batch()
    assert len(week.outcomes) <= len(week.parts())
    reader.close()


def test_failures_can_be_collected(scripted: ScriptedServer) -> None:
    response = DataResponse()
    response.data.columns["trade"].double_list.values.append(1.0)
    good = Reply(write_frame(response.SerializeToString()))
    scripted.reply(good, Reply(b'{"error_description": "not yours"}', 403, "application/json"), good)
    with tf.Client(scripted.url, token="t", max_workers=1) as client:
        query = client.get("ACTIV", "x")
        query = tf.Query(replace(query.plan, parts=query.plan.parts * 3), query.source)
        with pytest.warns(tf.TickframeWarning, match=r"not yours.*1 of 3 parts"):
            frame = query.to_pandas(on_error="collect")
    assert len(frame) == 2
    assert frame.attrs == {"failed_parts": 1}
    assert [outcome.rows for outcome in query.outcomes] == [1, 0, 1]
    with pytest.raises(tf.errors.FailedPartsError, match=r"1 of 3 parts failed.*not yours") as raised:
        query.outcomes.raise_for_errors()
    assert len(raised.value.failed) == 1


@pytest.mark.parametrize(
    "convert",
    [
        lambda query, folder: query.to_parquet(folder, partition_by=["venue"]),
        lambda query, folder: query.to_parquet(folder, existing="replace"),
        lambda query, _: query.to_pandas(tz="Europe/Berlim"),
        lambda query, _: query.to_pandas(tz="Europe/Berlin", index=None),
        lambda query, _: query.to_pandas(tz={"L": "Europe/London"}),
        lambda query, _: query.to_pandas(order="day"),
        lambda query, _: query.to_arrow(times="both"),
        lambda query, _: query.to_arrow(times="documented", tz="Europe/Berlin"),
        lambda query, _: query.to_pandas(dtype_backend="polars"),
        lambda query, _: query.to_pandas(index="time"),
    ],
)
def test_an_invalid_argument_of_a_conversion_is_rejected_before_anything_is_sent(
    scripted: ScriptedServer, tmp_path: Path, convert: Callable[[tf.Query, Path], object]
) -> None:
    with (
        tf.Client(scripted.url, token="t") as client,
        pytest.raises(ValueError, match=r"partition_by|existing|tz|index|backend|order|times"),
    ):
        convert(client.tick_data("ACTIV", "A", "2016-05-02", data_type="TRADES"), tmp_path)
    assert scripted.received == []


def test_a_cursor_in_any_frame_leads_to_the_next_page(scripted: ScriptedServer) -> None:
    first, rest, last = page(["A"], "1", 3), page(["B"], None, 3), page(["C"], None, 3)
    scripted.reply(Reply(first.body + rest.body), last)
    with tf.Client(scripted.url, token="t") as client:
        assert client.lookup_symbols("ACTIV").to_pandas()["symbol"].tolist() == ["A", "B", "C"]


def test_get_reads_all_pages(client: tf.Client) -> None:
    frame = client.get("ACTIV", "symbols", page_limit=50).to_pandas()
    assert len(frame) == client.lookup_symbols("ACTIV").to_arrow().num_rows > 100


def test_a_weekend_is_empty_with_the_same_columns_and_a_warning(client: tf.Client) -> None:
    busy = client.tick_data("ACTIV", "ZAL.XE", "2016-05-06", data_type="TRADES_AND_QUOTES").to_pandas()
    query = client.tick_data("ACTIV", "ZAL.XE", "2016-05-07", data_type="TRADES_AND_QUOTES")
    with pytest.warns(tf.TickframeWarning, match="2016-05-07") as caught:
        empty = query.to_pandas()
    assert len(empty) == 0
    assert empty.dtypes.astype(str).to_dict() == busy.dtypes.astype(str).to_dict()
    assert empty.index.dtype == busy.index.dtype
    assert caught[0].filename == __file__
    assert "2016-05-07" in query.outcomes[0].warning


def test_many_warnings_are_given_as_one(client: tf.Client) -> None:
    query = client.tick_data("ACTIV", "ZAL.XE", ("2016-05-06", "2016-05-08"), data_type="TRADES")
    with pytest.warns(tf.TickframeWarning, match=r"1 more.*2 of 3 parts") as caught:
        query.to_arrow()
    assert len(caught) == 1


def test_leading_empty_responses_take_the_types_of_later_ones(scripted: ScriptedServer) -> None:
    """The types that are sent override the documented ones."""
    response = DataResponse()
    response.data.columns["trade"].integer_list.values.extend([1, 2])
    replies = [Reply(write_frame(each.SerializeToString())) for each in (DataResponse(), response, DataResponse())]
    scripted.reply(*replies)
    with tf.Client(scripted.url, token="t") as client, warnings.catch_warnings():
        warnings.simplefilter("ignore", tf.TickframeWarning)
        table = client.tick_data("ACTIV", "A", ("2016-05-01", "2016-05-03"), data_type="TRADES").to_arrow()
    assert table.schema.field("trade").type == pa.int64()
    assert table.column("trade").to_pylist() == [1, 2]


def test_responses_that_differ_in_their_columns_are_an_error(scripted: ScriptedServer) -> None:
    first, second = DataResponse(), DataResponse()
    first.data.columns["price"].integer_list.values.append(1)
    second.data.columns["price"].double_list.values.append(1.0)
    scripted.reply(Reply(b"".join(write_frame(each.SerializeToString()) for each in (first, second))))
    with tf.Client(scripted.url, token="t") as client, pytest.raises(DecodeError, match="'price' is double"):
        client.get("ACTIV", "x").to_arrow()


def test_a_missing_documented_column_gives_a_warning(scripted: ScriptedServer) -> None:
    response = DataResponse()
    response.data.columns["trade"].double_list.values.append(1.0)
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client, pytest.warns(tf.TickframeWarning, match="trade_size"):
        client.tick_data("ACTIV", "A", "2016-05-02", data_type="TRADES").to_arrow()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("truncated_trade_rows", Value(integer_value=12), "cut trades from the response (truncated_trade_rows = 12)"),
        ("truncated_quote_rows", Value(bool_value=True), "cut quotes from the response (truncated_quote_rows = True)"),
        ("binning_level", Value(integer_value=2), "in bins (binning_level = 2)"),
        ("binning_level", Value(string_value="1 s"), "in bins (binning_level = 1 s)"),
        ("binning_level", Value(integer_value=0), ""),
        ("binning_level", Value(integer_value=-(2**63)), ""),
        ("binning_level", Value(string_value=""), ""),
        ("truncated_trade_rows", Value(bool_value=False), ""),
        ("truncated_trade_rows", Value(), ""),
        ("reticulated_splines", Value(integer_value=7), ""),
    ],
)
def test_a_hole_that_the_service_announces_is_a_warning(
    scripted: ScriptedServer, tmp_path: Path, name: str, value: Value, words: str
) -> None:
    response = DataResponse()
    response.data.columns["price"].double_list.values.append(1.0)
    response.meta[name].CopyFrom(value)
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t", cache=tmp_path) as client, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        query = client.get("ACTIV", "x", day=dt.date(2016, 5, 5))
        query.to_arrow()
        query.to_arrow()
    assert [words in str(warning.message) for warning in warned] == [True, True] * bool(words)
    [outcome] = query.outcomes
    assert list(outcome.meta) == [name]
    assert words in query.outcomes.to_pandas()["warning"][0]
    assert words in query.outcomes.to_html("summary")
    assert bool(outcome.warning) == bool(words)
    # A response with a hole is not cached: the next one may have none.
    assert outcome.origin == ("service" if words else "cache")


def test_a_null_announces_no_hole() -> None:
    assert list(announced_holes({"binning_level": float("nan"), "truncated_trade_rows": None})) == []


def test_lookup_symbols_reads_all_pages(client: tf.Client) -> None:
    at_once = client.lookup_symbols("ACTIV", page_limit=5000)
    everything = at_once.to_arrow()
    query = client.lookup_symbols("ACTIV", page_limit=37)
    assert query.to_arrow().combine_chunks().to_pylist() == everything.to_pylist()
    assert len(query.outcomes) == -(-everything.num_rows // 37)
    assert everything.column("symbol").to_pandas().is_unique


def page(symbols: list[str], cursor: str | None, total: int) -> Reply:
    response = DataResponse()
    for column in FUNCTIONS["lookup_symbols"].columns:
        values = response.data.columns[column.name]
        if column.name.endswith("_day"):
            values.days_list.values.extend([1] * len(symbols))
        else:
            values.string_list.values.extend(symbols)
    if cursor is not None:
        response.meta["cursor"].string_value = cursor
    response.meta["total_hits"].integer_value = total
    return Reply(write_frame(response.SerializeToString()))


def test_an_empty_cursor_ends_the_pages(scripted: ScriptedServer) -> None:
    scripted.reply(page(["A"], "1", 2), page(["B"], "", 2))
    with tf.Client(scripted.url, token="t") as client:
        assert client.lookup_symbols("ACTIV").to_pandas()["symbol"].tolist() == ["A", "B"]


def test_the_same_cursor_with_no_rows_ends_the_pages(scripted: ScriptedServer) -> None:
    scripted.reply(page(["A"], "a", 2), page(["B"], "b", 2), page([], "b", 2))
    with tf.Client(scripted.url, token="t") as client:
        query = client.lookup_symbols("ACTIV")
        assert query.to_pandas()["symbol"].tolist() == ["A", "B"]
        assert len(query.outcomes) == len(scripted.received) == 3
        rest = client.lookup_symbols("ACTIV", cursor="b")
        assert rest.to_pandas()["symbol"].tolist() == []
        assert len(rest.outcomes) == 1


def test_the_same_cursor_with_all_announced_rows_ends_the_pages(scripted: ScriptedServer) -> None:
    scripted.reply(page(["A"], "1", 2), page(["B"], "1", 2))
    with tf.Client(scripted.url, token="t") as client:
        assert client.lookup_symbols("ACTIV").to_pandas()["symbol"].tolist() == ["A", "B"]
    assert len(scripted.received) == 2


@pytest.mark.parametrize("total", [3, 1])
def test_the_same_cursor_with_other_rows_than_announced_is_an_error(scripted: ScriptedServer, total: int) -> None:
    scripted.reply(page(["A"], "1", total), page(["A"], "1", total))
    with tf.Client(scripted.url, token="t") as client, pytest.raises(IncompletePagesError, match="twice"):
        client.lookup_symbols("ACTIV").to_pandas()


def test_the_same_cursor_with_no_rows_and_a_hole_is_an_error(scripted: ScriptedServer) -> None:
    scripted.reply(page(["A"], "1", 2), page([], "1", 2))
    with tf.Client(scripted.url, token="t") as client, pytest.raises(IncompletePagesError, match=r"1 rows.*2"):
        client.lookup_symbols("ACTIV").to_pandas()


def test_pages_with_fewer_rows_than_announced_are_an_error(scripted: ScriptedServer) -> None:
    scripted.reply(page(["A"], "1", 3), page(["B"], None, 3))
    with tf.Client(scripted.url, token="t") as client, pytest.raises(IncompletePagesError, match=r"2 rows.*3"):
        client.lookup_symbols("ACTIV").to_pandas()


def test_pages_that_repeat_are_an_error(scripted: ScriptedServer) -> None:
    scripted.reply(page(["A"], "1", 9))
    with tf.Client(scripted.url, token="t") as client, pytest.raises(IncompletePagesError, match="twice"):
        client.lookup_symbols("ACTIV").to_pandas()


def test_lookups_have_documented_columns_and_lists_in_rows(client: tf.Client) -> None:
    exchanges = client.lookup_exchanges("ACTIV").to_arrow()
    assert exchanges.schema == documented_schema(FUNCTIONS["lookup_exchanges"].columns)
    assert all(feeds for feeds in exchanges.column("feeds").to_pylist())
    assert "ACTIV" in client.lookup_sources().to_pandas()["source"].tolist()


@pytest.mark.parametrize("data_type", tf.TickDataType)
def test_ticks_bars_and_snapshots_have_the_documented_columns(client: tf.Client, data_type: tf.TickDataType) -> None:
    queries = {
        "tick_data": client.tick_data("ACTIV", "ZAL.XE", "2016-05-02", data_type=data_type),
        "tick_aggregated": client.tick_aggregated("ACTIV", "ZAL.XE", "2016-05-02", data_type=data_type),
        "tick_snapshot": client.tick_snapshot("ACTIV", SYMBOLS, "2016-05-02", data_type=data_type, time="12:00"),
    }
    for name, query in queries.items():
        table = query.to_arrow(times="documented")
        assert table.num_rows > 0
        assert table.schema == documented_schema(FUNCTIONS[name].columns_for(data_type))


def test_get_sends_any_parameters_and_keeps_the_columns_it_receives(client: tf.Client) -> None:
    frame = client.get(
        "ACTIV", "tickData", symbol="ZAL.XE", day="2016.05.02", data_type="TRADES", from_time="09:00:00.000", flags=None
    ).to_pandas(index=None)
    assert {"symbol", "date", "time", "trade", "trade_size", "trade_condition"} == set(frame.columns)
    assert str(frame["date"].dtype) == "datetime64[ns]"


def test_get_rejects_what_cannot_be_sent(client: tf.Client) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        client.get("ACTIV", "x", symbol=object())
    with pytest.raises(ValueError, match="endpoint is empty"):
        client.get("ACTIV", "")


@pytest.mark.parametrize("name", ["endpoint", "request"])
def test_get_accepts_both_documented_names_of_the_endpoint(client: tf.Client, name: str) -> None:
    by_position = client.get("ACTIV", "tickData", symbol="ZAL.XE")
    assert client.get(source="ACTIV", symbol="ZAL.XE", **{name: "tickData"}).plan == by_position.plan


def test_get_rejects_an_endpoint_given_twice_or_not_at_all(client: tf.Client) -> None:
    with pytest.raises(ValueError, match=r"the endpoint is given twice, 'tickData' and request='ticks'"):
        client.get("ACTIV", "tickData", request="ticks")
    with pytest.raises(ValueError, match="missing endpoint"):
        client.get("ACTIV", symbol="ZAL.XE")


_MIDNIGHT, _NOON = pd.Timestamp("2016-05-05"), pd.Timestamp("2016-05-05 12:00")


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (_MIDNIGHT, "days_value"),
        (_MIDNIGHT.to_pydatetime(), "days_value"),
        (np.datetime64("2016-05-05"), "days_value"),
        (np.array("2016-05-05", "datetime64[ns]"), "days_value"),
        (dt.date(2016, 5, 5), "days_value"),
        (_NOON, "timestamp_value"),
        (pd.Timestamp("2016-05-05 00:00:00.000000001"), "timestamp_value"),
        (_MIDNIGHT.tz_localize("UTC"), "timestamp_value"),
        ([_MIDNIGHT, _MIDNIGHT], "days_value"),
        (pd.DatetimeIndex([_MIDNIGHT]), "days_value"),
        (np.array(["2016-05-05"], "datetime64[ns]"), "days_value"),
        ([_MIDNIGHT, _NOON], "timestamp_value"),
        ({"from": _MIDNIGHT}, "days_value"),
        (np.array([1], "timedelta64[ns]"), "nanoseconds_value"),
    ],
)
def test_get_sends_midnights_as_days_and_other_timestamps_with_their_time(
    client: tf.Client, value: object, sent: str
) -> None:
    [part] = client.get("ACTIV", "x", when=value).plan.parts
    written = DataRequest.FromString(part.key()).parameters["when"]
    values = [*written.list.mixed_list.values, *written.object.fields.values()] or [written]
    assert {each.WhichOneof("type") for each in values} == {sent}


def test_a_zone_without_times_is_an_error(scripted: ScriptedServer) -> None:
    response = DataResponse()
    response.data.columns["trade"].double_list.values.append(1.0)
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        query = client.get("ACTIV", "x")
        with pytest.raises(ValueError, match="only the columns trade"):
            query.to_pandas(tz="UTC")


def test_a_zone_is_no_error_for_a_response_without_columns(scripted: ScriptedServer, tmp_path: Path) -> None:
    scripted.reply(Reply(write_frame(DataResponse().SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        query = client.get("ACTIV", "x", day="2016-05-05")
        assert query.to_arrow(tz="UTC").num_rows == 0
        assert query.to_parquet(tmp_path, tz="UTC") == []


@pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")
def test_a_column_named_timestamp_is_kept(scripted: ScriptedServer, tmp_path: Path) -> None:
    response = DataResponse()
    response.data.columns["symbol"].string_list.values.append("ZAL.XE")
    response.data.columns["date"].days_list.values.append(16926)
    response.data.columns["time"].nanoseconds_list.values.append(1)
    response.data.columns["timestamp"].integer_list.values.append(2)
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        query = client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES")
        for load in (query.to_pandas, query.to_arrow, query.to_reader, lambda: query.to_parquet(tmp_path / "x")):
            with pytest.raises(DecodeError, match="has a column 'timestamp' already"):
                load()
        frame = query.to_pandas(index=None)
        query.to_parquet(tmp_path / "documented", times="documented")
    assert frame["timestamp"].tolist() == [2]
    assert tf.read_dataset(tmp_path / "documented").equals(frame)


def test_index_none_keeps_the_documented_columns(client: tf.Client) -> None:
    query = client.tick_data("ACTIV", "ZAL.XE", "2016-05-02", data_type="TRADES", to_time="09:05")
    columns = [column.name for column in FUNCTIONS["tick_data"].columns_for(tf.TickDataType.TRADES)]
    assert query.to_pandas(index=None).columns.tolist() == columns
    with pytest.raises(ValueError, match="index 'time'"):
        query.to_pandas(index="time")


def test_read_ticks_uses_the_environment(client: tf.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = client.settings
    monkeypatch.setenv("TICKFRAME_URL", settings.base_url)
    monkeypatch.setenv("TICKFRAME_USER", settings.user)
    monkeypatch.setenv("TICKFRAME_PASSWORD", settings.password)
    monkeypatch.setenv("TICKFRAME_CLIENT_SECRET", settings.client_secret)
    frame = tf.read_ticks("ACTIV", "ZAL.XE", "2016-05-02", data_type="TRADES", to_time="09:05")
    again = tf.read_ticks("ACTIV", "ZAL.XE", "2016-05-02", data_type="TRADES", to_time="09:05", client=client)
    pd.testing.assert_frame_equal(frame, again)
    assert len(frame) > 0


def test_client_sandbox_needs_no_account_and_ends_with_the_client() -> None:
    with tf.Client.sandbox(seed=3) as client:
        assert len(client.lookup_sources().to_pandas()) > 0
        url = client.settings.base_url
    with tf.Client(url, token="t") as late, pytest.raises(tf.errors.TransportError):
        late.check()


class Progress:
    """A custom progress object."""

    def __init__(self) -> None:
        self.parts = 0
        self.closed = 0

    def update(self, n: int) -> None:
        self.parts += n

    def close(self) -> None:
        self.closed += 1


def test_progress_updates_a_custom_object(sandbox: Sandbox) -> None:
    progress = Progress()
    with tf.Client(**sandbox.account, progress=progress) as client:
        client.tick_data("ACTIV", SYMBOLS, WEEK, data_type="TRADES", to_time="09:05").to_arrow()
    assert (progress.parts, progress.closed) == (6, 1)


def test_a_bar_is_silent_unless_stderr_is_a_terminal(sandbox: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    with tf.Client(**sandbox.account, progress=True) as client:
        client.lookup_sources().to_arrow()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("parts", "sample"), [(1, 1), (10, 4), (120, 11), (120, 6), (50, 50), (3, 9)])
def test_a_sample_is_spread_over_symbols_and_days(client: tf.Client, parts: int, sample: int) -> None:
    query = client.tick_data("ACTIV", [f"S{number}" for number in range(parts)], "2016-05-02", data_type="TRADES")
    chosen = [query.plan.parts.index(part) for part in evenly_spread(query.plan.parts, sample)]
    assert len(set(chosen)) == len(chosen) == min(parts, sample)
    assert chosen == sorted(chosen)
    for period in (2, 5, 10):
        if parts >= 10 * period and sample >= 6:
            assert len({place % period for place in chosen}) > period // 3


def test_an_estimate_requests_only_a_sample(client: tf.Client) -> None:
    query = client.tick_data("ACTIV", SYMBOLS, ("2016-05-02", "2016-05-06"), data_type="TRADES", to_time="10:00")
    assert query.estimate() == Estimate(parts=10, rows=None, bytes=None, known=0)
    estimate = query.estimate(sample=4)
    assert (estimate.parts, estimate.known) == (10, 4)
    assert len(query.outcomes) == 0
    table = query.to_arrow()
    assert query.estimate() == Estimate(10, table.num_rows, sum(outcome.bytes for outcome in query.outcomes), 10)
    assert 0.3 < estimate.rows / table.num_rows < 3
