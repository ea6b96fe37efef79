"""Exported Parquet in the default call of every reader, value for value."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest

import tickframe as tf
from tests.readers.worst import (
    DAYS,
    DUCKDB_COLUMNS,
    SAFE_SYMBOLS,
    SYMBOLS,
    Tick,
    Ticks,
    by_time,
    in_any_order,
    rows,
    ticks_of,
    ticks_of_arrow,
    ticks_of_duckdb,
    ticks_of_pandas,
    ticks_of_polars,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning"),
    # Dask calls pandas as older versions of it had it.
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
]


def read_with_duckdb(folder: str) -> Ticks:
    return ticks_of_duckdb(duckdb.sql(f"select {DUCKDB_COLUMNS} from read_parquet('{folder}/**/*.parquet')"))  # noqa: S608


def scan_with_duckdb(folder: str) -> Ticks:
    ticks = tf.scan_dataset(folder)
    found = ticks_of_duckdb(duckdb.sql(f"select {DUCKDB_COLUMNS} from ticks"))  # noqa: S608
    assert ticks.count_rows() == len(found)
    return found


DEFAULT_CALLS: dict[str, Callable[[str], Ticks]] = {
    "pandas": lambda folder: ticks_of_pandas(pd.read_parquet(folder)),
    "pyarrow": lambda folder: ticks_of_arrow(ds.dataset(folder, partitioning="hive").to_table()),
    "polars": lambda folder: ticks_of_polars(
        pl.scan_parquet(f"{folder}/**/*.parquet", hive_partitioning=True).collect()
    ),
    "duckdb": read_with_duckdb,
    "dask": lambda folder: ticks_of_pandas(dd.read_parquet(folder).compute(scheduler="synchronous")),
    "read_dataset": lambda folder: ticks_of_pandas(tf.read_dataset(folder)),
    "scan_dataset": lambda folder: ticks_of_arrow(tf.scan_dataset(folder).to_table()),
    "scan_dataset in Polars": lambda folder: ticks_of_polars(
        pl.scan_pyarrow_dataset(tf.scan_dataset(folder)).collect()
    ),
    "scan_dataset in DuckDB": scan_with_duckdb,
}


@pytest.fixture(scope="module", params=["date", "one directory", "order of time"])
def everything(request: pytest.FixtureRequest, worst: tf.Query, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("everything"))
    options: dict[str, Any] = {
        "date": {"partition_by": "date"},
        "one directory": {"partition_by": []},
        "order of time": {"partition_by": "date", "order": "time"},
    }[request.param]
    worst.to_parquet(folder, **options)
    return folder


@pytest.fixture(scope="module")
def by_symbol(safe: tf.Query, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("by_symbol"))
    safe.to_parquet(folder)
    return folder


@pytest.mark.parametrize("reader", DEFAULT_CALLS)
def test_every_reader_has_every_value_of_files_with_a_column_symbol(everything: str, reader: str) -> None:
    assert in_any_order(DEFAULT_CALLS[reader](everything)) == in_any_order(rows())


@pytest.mark.parametrize("reader", DEFAULT_CALLS)
def test_every_reader_has_every_value_of_directories_of_symbols(by_symbol: str, reader: str) -> None:
    assert in_any_order(DEFAULT_CALLS[reader](by_symbol)) == in_any_order(rows(SAFE_SYMBOLS))


def test_symbols_that_readers_change_cannot_be_directories(worst: tf.Query, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"symbol '0700' cannot be the name of a directory"):
        worst.to_parquet(tmp_path)


def test_read_dataset_returns_the_frame_of_the_query(worst: tf.Query, everything: str, by_symbol: str) -> None:
    pd.testing.assert_frame_equal(tf.read_dataset(everything), worst.to_pandas())
    assert ticks_of_pandas(tf.read_dataset(everything)) == by_time(rows())
    one = ticks_of_pandas(tf.read_dataset(everything, symbols="0700", days=DAYS[1]))
    assert one == rows(["0700"])[7:]
    assert ticks_of_pandas(tf.read_dataset(by_symbol, symbols="zal.xe")) == rows(["zal.xe"])


def test_dtypes_do_not_depend_on_the_values(safe: tf.Query, by_symbol: str) -> None:
    """Integers stay Int64 in pandas: Parquet files state it."""
    assert pd.read_parquet(by_symbol)["trade_size"].dtype == "Int64"
    whole = safe.to_pandas()
    part = tf.read_dataset(by_symbol, symbols="VOD.L", days=DAYS[1])
    assert len(part) == 0
    assert part.dtypes.drop(["symbol", "trade_condition"]).equals(whole.dtypes.drop(["symbol", "trade_condition"]))


def test_partitions_are_pruned_in_pyarrow(by_symbol: str) -> None:
    for opened in (ds.dataset(by_symbol, partitioning="hive"), tf.scan_dataset(by_symbol)):
        # The type that each of them has for dates.
        day = pa.scalar(DAYS[0]).cast(opened.schema.field("date").type)
        wanted = (pc.field("symbol") == "ZAL.XE") & (pc.field("date") == day)
        assert len(list(opened.get_fragments())) == 7
        assert len(list(opened.get_fragments(filter=wanted))) == 1


def test_partitions_are_pruned_in_duckdb(by_symbol: str) -> None:
    explained = duckdb.sql(
        f"explain select count(*) from read_parquet('{by_symbol}/**/*.parquet') "  # noqa: S608
        "where symbol = 'ZAL.XE' and date = '2016-05-02'"
    ).fetchall()[0][1]
    assert "1/7" in explained
    scanned = tf.scan_dataset(by_symbol)
    explained = duckdb.sql(
        "explain select count(*) from scanned where symbol = 'ZAL.XE' and date = '2016-05-02'"
    ).fetchall()[0][1]
    # The scan itself gets the filter, and with it pyarrow chooses fragments.
    assert "ARROW_SCAN" in explained
    assert scanned.schema.names[0] == "timestamp"
    assert "FILTER " not in explained


def test_partitions_are_pruned_in_polars(by_symbol: str) -> None:
    wanted = (pl.col("symbol") == "ZAL.XE") & (pl.col("date") == DAYS[0])
    lazy = pl.scan_parquet(f"{by_symbol}/**/*.parquet", hive_partitioning=True).filter(wanted)
    assert lazy.collect().height == 7
    explained = pl.scan_pyarrow_dataset(tf.scan_dataset(by_symbol)).filter(wanted).explain()
    assert "SELECTION" in explained
    assert "FILTER" not in explained


def test_files_of_other_partitions_are_not_opened(safe: tf.Query, tmp_path: Path) -> None:
    """With the other files gone, a filter of partitions still has its rows."""
    safe.to_parquet(tmp_path)
    scanned = tf.scan_dataset(tmp_path)
    for path in tmp_path.rglob("*.parquet"):
        if path.parent.parent.name != "symbol=ZAL.XE":
            path.write_bytes(b"")
    wanted = pc.field("symbol") == "ZAL.XE"
    expected = in_any_order(rows(["ZAL.XE"]))
    assert in_any_order(ticks_of_arrow(scanned.to_table(filter=wanted))) == expected
    lazy = pl.scan_pyarrow_dataset(scanned).filter(pl.col("symbol") == "ZAL.XE")
    assert in_any_order(ticks_of_polars(lazy.collect())) == expected
    found = duckdb.sql(f"select {DUCKDB_COLUMNS} from scanned where symbol = 'ZAL.XE'")  # noqa: S608
    assert in_any_order(ticks_of_duckdb(found)) == expected


# Delta Lake and Iceberg store microseconds.


def in_microseconds(ticks: Ticks) -> Ticks:
    return [
        tick._replace(timestamp=None if tick.timestamp is None else tick.timestamp // 1000 * 1000) for tick in ticks
    ]


def with_nanoseconds(table: pa.Table) -> pa.Table:
    """Return a table with the exact time as an integer, beside a timestamp in microseconds, as docs/export.md does."""
    exact = table["timestamp"].cast(pa.int64())
    table = table.append_column("timestamp_ns", exact)
    coarse = table["timestamp"].cast(pa.timestamp("us"), safe=False)
    return table.set_column(0, "timestamp", coarse)


def ticks_with_nanoseconds(table: pa.Table) -> Ticks:
    columns = {name: table[name].to_pylist() for name in Tick._fields if name != "timestamp"}
    return ticks_of({"timestamp": table["timestamp_ns"].to_pylist(), **columns})


def test_delta_lake_cuts_timestamps_to_microseconds(worst: tf.Query, tmp_path: Path) -> None:
    deltalake = pytest.importorskip("deltalake")
    deltalake.write_deltalake(tmp_path / "plain", worst.to_arrow())
    read = deltalake.DeltaTable(tmp_path / "plain").to_pyarrow_table()
    assert read.schema.field("timestamp").type == pa.timestamp("us")
    found = ticks_of_arrow(read.set_column(0, "timestamp", read["timestamp"].cast(pa.timestamp("ns"))))
    assert in_any_order(found) == in_any_order(in_microseconds(rows()))
    deltalake.write_deltalake(tmp_path / "exact", with_nanoseconds(worst.to_arrow()))
    read = deltalake.DeltaTable(tmp_path / "exact").to_pyarrow_table()
    assert in_any_order(ticks_with_nanoseconds(read)) == in_any_order(rows())


def test_iceberg_refuses_nanoseconds_and_takes_them_as_integers(worst: tf.Query, tmp_path: Path) -> None:
    pytest.importorskip("pyiceberg")
    sql = pytest.importorskip("pyiceberg.catalog.sql")
    types = importlib.import_module("pyiceberg.io.pyarrow")
    catalog = sql.SqlCatalog("test", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}")
    try:
        catalog.create_namespace("ticks")
        ticks = worst.to_arrow()
        with pytest.raises(types.UnsupportedPyArrowTypeException, match=r"'timestamp' has an unsupported type"):
            catalog.create_table("ticks.plain", schema=ticks.schema)
        exact = with_nanoseconds(ticks)
        table = catalog.create_table("ticks.exact", schema=exact.schema)
        table.append(exact)
        assert in_any_order(ticks_with_nanoseconds(table.scan().to_arrow())) == in_any_order(rows())
    finally:
        catalog.close()
    assert set(SYMBOLS) == set(exact["symbol"].to_pylist())
