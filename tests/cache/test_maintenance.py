"""Listing and maintenance of a cache: info, entries, dataset, verify, clear and the size limit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import tickframe as tf
from tests.cache.test_service import cached_client
from tests.faults.server import FaultServer, answer
from tests.faults.ticks import ask, framed_ticks, symbols, ticks_for
from tests.scripted_server import Reply, ScriptedServer
from tickframe.sandbox import Sandbox
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

SYMBOLS = ["ZAL.XE", "ADS.XE"]
DAYS = ("2016-05-03", "2016-05-05")


@pytest.fixture(scope="module")
def filled(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[tf.Client, pa.Table]]:
    """Return a client whose cache holds the trades of two symbols on three days, and those trades."""
    with tf.Client(**sandbox.account, cache=tmp_path_factory.mktemp("cache")) as client:
        table = client.tick_data("ACTIV", SYMBOLS, DAYS, data_type="TRADES").to_arrow()
        yield client, table


def test_info_counts_entries_and_bytes(filled: tuple[tf.Client, pa.Table]) -> None:
    client, _ = filled
    info = client.cache.info()
    files = list(Path(client.cache.place).rglob("*.parquet"))
    assert (info.entries, info.functions, info.max_bytes) == (6, {"tick_data": 6}, None)
    assert info.bytes == sum(file.stat().st_size for file in files)


def test_entries_has_a_row_for_each_entry(filled: tuple[tf.Client, pa.Table]) -> None:
    entries = filled[0].cache.entries()
    assert entries.dtypes.astype(str)["used"] == "datetime64[ns, UTC]"
    assert sorted(set(entries["symbol"])) == sorted(SYMBOLS)
    assert {str(date) for date in entries["date"]} == {"2016-05-03", "2016-05-04", "2016-05-05"}
    assert set(entries["window"]) == {"day"}


def test_an_empty_cache_has_the_same_table(tmp_path: Path) -> None:
    cache = tf.Cache(tmp_path / "none")
    assert cache.info().entries == 0
    assert cache.entries().columns.tolist() == tf.Cache(tmp_path).entries().columns.tolist()
    assert cache.verify().entries == cache.clear() == 0
    assert not (tmp_path / "none").exists()
    with pytest.raises(ValueError, match="holds no tick_data: load some"):
        cache.dataset()


def test_the_dataset_has_the_rows_of_the_responses(filled: tuple[tf.Client, pa.Table]) -> None:
    client, table = filled
    dataset = client.cache.dataset(data_type="TRADES")
    read = dataset.to_table()
    assert read.schema.equals(table.schema)
    rows = table.to_pandas()
    rows = rows.assign(date=rows["timestamp"].dt.normalize(), symbol=rows["symbol"].astype(str))
    rows = rows.sort_values(["date", "symbol"], kind="stable", ignore_index=True).drop(columns="date")
    pd.testing.assert_frame_equal(read.to_pandas().astype({"symbol": str}), rows, check_categorical=False)


def test_the_dataset_can_have_the_documented_columns(filled: tuple[tf.Client, pa.Table]) -> None:
    client, table = filled
    documented = client.cache.dataset(data_type="TRADES", times="documented")
    assert documented.schema.names == ["symbol", "date", "time", *table.column_names[2:]]
    assert documented.count_rows() == table.num_rows
    with pytest.raises(ValueError, match="invalid times"):
        client.cache.dataset(times="both")


@pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")
def test_timestamps_of_responses_and_computed_ones_are_not_mixed(scripted: ScriptedServer, tmp_path: Path) -> None:
    def load(client: tf.Client, symbol: str, response: DataResponse) -> pd.DataFrame:
        response.data.columns["symbol"].string_list.values[:] = [symbol]
        scripted.reply(Reply(write_frame(response.SerializeToString())))
        return client.tick_data("ACTIV", symbol, "2016-05-05", data_type="TRADES").to_pandas(index=None)

    response = DataResponse()
    response.data.columns["date"].days_list.values.append(16926)
    response.data.columns["time"].nanoseconds_list.values.append(1)
    response.data.columns["trade"].double_list.values.append(41.5)
    response.data.columns["trade_size"].integer_list.values.append(100)
    response.data.columns["trade_condition"].string_list.values.append("AT")
    with tf.Client(scripted.url, token="t", cache=tmp_path) as client:
        load(client, "ADS.XE", response)
        response.data.columns["timestamp"].integer_list.values.append(2)
        assert load(client, "ZAL.XE", response)["timestamp"].tolist() == [2]
        for times in ("timestamp", "documented"):
            with pytest.raises(ValueError, match="1 of 2 have a column 'timestamp' of their own"):
                client.cache.dataset("tick_data", times=times)
        client.cache.clear(symbol="ADS.XE")
        assert client.cache.dataset("tick_data").to_table()["timestamp"].to_pylist() == [2]


def test_readers_of_the_dataset_get_every_nanosecond(filled: tuple[tf.Client, pa.Table]) -> None:
    client, table = filled
    dataset = client.cache.dataset()
    expected = sorted(table["timestamp"].cast(pa.int64()).to_pylist())
    assert any(value % 1000 for value in expected)
    in_duckdb = duckdb.sql("select epoch_ns(timestamp) from dataset order by timestamp").fetchall()
    assert [value for (value,) in in_duckdb] == expected
    in_polars = pl.scan_pyarrow_dataset(dataset).select(pl.col("timestamp").cast(pl.Int64)).collect()
    assert sorted(in_polars["timestamp"].to_list()) == expected


def test_duckdb_and_polars_read_the_dataset(filled: tuple[tf.Client, pa.Table]) -> None:
    client, table = filled
    dataset = client.cache.dataset()
    zal = sum(symbol == "ZAL.XE" for symbol in table["symbol"].to_pylist())
    counted = duckdb.sql("select count(*) from dataset where symbol = 'ZAL.XE'").fetchall()
    assert counted == [(zal,)]
    assert pl.scan_pyarrow_dataset(dataset).filter(pl.col("symbol") == "ZAL.XE").collect().height == zal


def test_a_filter_does_not_open_files_of_other_symbols_and_days(filled: tuple[tf.Client, pa.Table]) -> None:
    dataset = filled[0].cache.dataset()
    midnight = pa.scalar(pd.Timestamp("2016-05-04"), pa.timestamp("ns"))
    after = pa.scalar(pd.Timestamp("2016-05-05"), pa.timestamp("ns"))
    wanted = (ds.field("symbol") == "ZAL.XE") & (ds.field("timestamp") >= midnight) & (ds.field("timestamp") < after)
    [fragment] = dataset.get_fragments(wanted)
    assert "symbol=ZAL.XE/date=2016-05-04" in fragment.path
    assert len(list(dataset.get_fragments())) == 6


def test_several_kinds_are_an_error_that_names_them(sandbox: Sandbox, tmp_path: Path) -> None:
    with tf.Client(**sandbox.account, cache=tmp_path) as client:
        for data_type in ("TRADES", "QUOTES"):
            client.tick_data("ACTIV", "ZAL.XE", DAYS, data_type=data_type, to_time="09:01").to_arrow()
        with pytest.raises(ValueError, match=r"data_type is QUOTES or TRADES.*dataset\('tick_data', data_type=...\)"):
            client.cache.dataset()
        assert "bid" in client.cache.dataset(data_type="QUOTES").schema.names


def test_a_kind_is_selected_by_the_parameters_of_its_requests(sandbox: Sandbox, tmp_path: Path) -> None:
    flags = ["USE_MARKET_TS", "INCLUDE_NON_REGULAR"]
    with tf.Client(**sandbox.account, cache=tmp_path) as client:
        rows = [
            client.tick_data("ACTIV", "ZAL.XE", day, data_type="TRADES", flags=given, to_time="09:10")
            .to_arrow()
            .num_rows
            for day, given in (("2016-05-04", flags), ("2016-05-05", None))
        ]
        assert client.cache.dataset(flags=flags).count_rows() == rows[0] > 0
        assert client.cache.dataset(flags=None).count_rows() == rows[1] > 0
        with pytest.raises(ValueError, match="flags is USE_MARKET_TS,INCLUDE_NON_REGULAR or not given"):
            client.cache.dataset()


def test_a_symbol_with_a_comma_is_one_symbol(tmp_path: Path) -> None:
    with FaultServer() as server:
        server.serve(ticks_for)
        with cached_client(server, tmp_path) as client:
            assert ask(client, ["A", "B", "A,B"]).to_arrow().num_rows == 15
            assert client.cache.dataset().count_rows() == 15


def test_no_row_of_the_dataset_is_there_twice(sandbox: Sandbox, tmp_path: Path) -> None:
    """A window within another is omitted, and windows that overlap in part are an error."""
    with tf.Client(**sandbox.account, cache=tmp_path) as client:

        def load(from_time: str, to_time: str) -> int:
            query = client.tick_data(
                "ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES", from_time=from_time, to_time=to_time
            )
            return query.to_arrow().num_rows

        load("10:00", "10:10")
        rows = load("10:00", "11:00") + load("11:00:00.000000001", "12:00")
        assert client.cache.info().entries == 3
        assert client.cache.dataset().count_rows() == rows
        load("10:30", "11:30")
        with pytest.raises(ValueError, match="overlap"):
            client.cache.dataset()


def test_a_response_for_many_symbols_covers_that_for_one(sandbox: Sandbox, tmp_path: Path) -> None:
    with tf.Client(**sandbox.account, cache=tmp_path) as client:
        client.end_of_day("ACTIV", "ZAL.XE", "2016-05-03", "2016-05-04").to_arrow()
        both = client.end_of_day("ACTIV", SYMBOLS, *DAYS).to_arrow()
        assert client.cache.dataset("end_of_day").to_table().num_rows == both.num_rows


def test_clear_deletes_matching_entries(tmp_path: Path) -> None:
    with FaultServer() as server:
        server.serve(ticks_for)
        with cached_client(server, tmp_path) as client:
            ask(client, [*symbols(3), "s001"]).to_arrow()
            client.tick_data("ACTIV", "S000", "2016-05-06", data_type="TRADES").to_arrow()
            assert client.cache.clear(symbol="S009") == 0
            assert client.cache.clear(symbol="S001") == 1
            assert client.cache.clear(first_day="2016-05-06", last_day="2016-05-09") == 1
            assert client.cache.clear(source="ACTIV", function="tick_data", symbol="s001") == 1
            assert sorted(client.cache.entries()["symbol"]) == ["S000", "S002"]
            assert client.cache.clear() == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [".locks", ".tickframe-cache"]


def test_verify_deletes_damaged_entries_and_leaves_other_files_alone(tmp_path: Path) -> None:
    with FaultServer() as server:
        server.serve(ticks_for)
        with cached_client(server, tmp_path) as client:
            ask(client, symbols(5)).to_arrow()
            client.cache.flush()
            notes = tmp_path / "notes.parquet"
            notes.write_text("mine")
            damaged = sorted(tmp_path.rglob("day-*.parquet"))[2]
            abandoned = damaged.with_name(f".{damaged.name}.1-0123abcd.tmp")
            abandoned.write_text("half")
            os.utime(abandoned, (0, 0))
            damaged.write_bytes(damaged.read_bytes()[:-100])
            found = client.cache.verify()
            assert found.entries == 4
            [dropped] = found.dropped
            assert "symbol=S002" in dropped
            assert (notes.exists(), abandoned.exists(), damaged.exists()) == (True, False, False)
            assert client.cache.verify().dropped == ()


def test_verify_deletes_misnamed_entries_and_leaves_other_versions_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer() as server:
        server.serve(ticks_for)
        with cached_client(server, tmp_path) as client:
            ask(client, symbols(2)).to_arrow()
            client.cache.flush()
            one, other = sorted(tmp_path.rglob("day-*.parquet"))
            other.write_bytes(one.read_bytes())
            for module in ("key", "provenance"):
                monkeypatch.setattr(f"tickframe.cache.{module}.FORMAT", 2)
            ask(client, symbols(1)).to_arrow()
            client.cache.flush()
            monkeypatch.undo()
            found = client.cache.verify()
            assert (found.entries, len(found.dropped)) == (1, 1)
            assert "it answers another request" in found.dropped[0]
            assert len(list(tmp_path.rglob("day-*.parquet"))) == 2


def test_an_entry_larger_than_the_limit_evicts_no_other(tmp_path: Path) -> None:
    with FaultServer() as server:
        server.serve(ticks_for)
        with cached_client(server, tmp_path) as client:
            ask(client, symbols(3)).to_arrow()
            size = client.cache.info().bytes // 3
        server.script(answer(framed_ticks("S999", rows=50_000)))
        with cached_client(server, tf.Cache(tmp_path, max_bytes=10 * size)) as client:
            assert ask(client, ["S999"]).to_arrow().num_rows == 50_000
            assert sorted(client.cache.entries()["symbol"]) == symbols(3)


def test_the_least_recently_used_entries_are_evicted(tmp_path: Path) -> None:
    with FaultServer() as server:
        server.serve(ticks_for)
        with cached_client(server, tmp_path) as client:
            ask(client, symbols(20)).to_arrow()
            one = client.cache.info().bytes // 20
        for number, file in enumerate(sorted(tmp_path.rglob("*.parquet"))):
            os.utime(file, (number + 1, number + 1))
        cache = tf.Cache(tmp_path, max_bytes=12 * one)
        with tf.Client(server.url, token="t", cache=cache) as client:
            assert ask(client, ["S000"]).to_arrow(cache="only").num_rows == 5
            ask(client, ["S100"]).to_arrow()
            left = set(client.cache.entries()["symbol"])
            assert client.cache.info().bytes <= 12 * one
    assert {"S000", "S100", "S019", "S018"} <= left
    assert not {"S001", "S002", "S003"} & left


@pytest.mark.parametrize("max_bytes", [0, -1])
def test_a_limit_that_is_not_positive_is_refused(max_bytes: int) -> None:
    with pytest.raises(ValueError, match="invalid max_bytes"):
        tf.Cache("x", max_bytes=max_bytes)
