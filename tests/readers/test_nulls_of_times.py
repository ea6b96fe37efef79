"""A row whose date or time is null has a null timestamp in every exit and every reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import dask.dataframe as dd
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import tickframe as tf
from tests.scripted_server import Reply, ScriptedServer
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

_NO_DAY, _NO_TIME = -(2**31), -(2**63)
# 2016-05-05, 09:00.
_DAY, _NINE = 16926, 9 * 3600 * 10**9
#: The moments of the rows, by the price.
EXPECTED = {1.0: _DAY * 86_400 * 10**9 + _NINE, 2.0: None, 3.0: None, 4.0: None, 5.0: _DAY * 86_400 * 10**9 + _NINE + 1}


def response() -> bytes:
    message = DataResponse()
    columns = message.data.columns
    columns["symbol"].string_list.values.extend(["ZAL.XE"] * 5)
    columns["date"].days_list.values.extend([_DAY, _NO_DAY, _DAY, _NO_DAY, _DAY])
    columns["time"].nanoseconds_list.values.extend([_NINE, _NINE, _NO_TIME, _NO_TIME, _NINE + 1])
    columns["trade"].double_list.values.extend([1.0, 2.0, 3.0, 4.0, 5.0])
    columns["trade_size"].integer_list.values.extend([1] * 5)
    columns["trade_condition"].string_list.values.extend([""] * 5)
    return write_frame(message.SerializeToString())


def of_arrow(table: pa.Table) -> dict[float, int | None]:
    return dict(zip(table["trade"].to_pylist(), table["timestamp"].cast(pa.int64()).to_pylist(), strict=True))


def of_pandas(frame: pd.DataFrame) -> dict[float, int | None]:
    frame = frame.reset_index() if frame.index.name == "timestamp" else frame
    moments = [None if moment is pd.NaT else moment.value for moment in frame["timestamp"]]
    return dict(zip(frame["trade"], moments, strict=True))


def of_polars(frame: pl.DataFrame) -> dict[float, int | None]:
    return dict(zip(frame["trade"], frame["timestamp"].to_physical(), strict=True))


def of_duckdb(relation: duckdb.DuckDBPyRelation) -> dict[float, int | None]:
    return dict(relation.select("trade, epoch_ns(timestamp)").fetchall())


def with_duckdb(query: tf.Query) -> dict[float, int | None]:
    stream = query.to_arrow()
    found = of_duckdb(duckdb.sql("from stream"))
    assert stream.num_rows == len(found)
    return found


EXITS: dict[str, Callable[[tf.Query], dict[float, int | None]]] = {
    "to_arrow": lambda query: of_arrow(query.to_arrow()),
    "to_arrow in order of time": lambda query: of_arrow(query.to_arrow(order="time")),
    "to_pandas": lambda query: of_pandas(query.to_pandas()),
    "to_polars": lambda query: of_polars(query.to_polars()),
    "DuckDB": with_duckdb,
}

READERS: dict[str, Callable[[str], dict[float, int | None]]] = {
    "pandas": lambda folder: of_pandas(pd.read_parquet(folder)),
    "pyarrow": lambda folder: of_arrow(ds.dataset(folder, partitioning="hive").to_table()),
    "polars": lambda folder: of_polars(pl.scan_parquet(f"{folder}/**/*.parquet").collect()),
    "duckdb": lambda folder: of_duckdb(duckdb.read_parquet(f"{folder}/**/*.parquet")),
    "dask": lambda folder: of_pandas(dd.read_parquet(folder).compute(scheduler="synchronous")),
    "read_dataset": lambda folder: of_pandas(tf.read_dataset(folder)),
    "scan_dataset": lambda folder: of_arrow(tf.scan_dataset(folder).to_table()),
}


@pytest.fixture
def query(scripted: ScriptedServer) -> Iterator[tf.Query]:
    scripted.reply(Reply(response()))
    with tf.Client(scripted.url, token="t") as client:
        yield client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES")


@pytest.mark.parametrize("leave", EXITS.values(), ids=EXITS.keys())
def test_an_exit(query: tf.Query, leave: Callable[[tf.Query], dict[float, int | None]]) -> None:
    assert leave(query) == EXPECTED


@pytest.mark.parametrize("reader", READERS)
def test_a_reader(query: tf.Query, reader: str, tmp_path: Path) -> None:
    query.to_parquet(tmp_path, partition_by="symbol")
    assert READERS[reader](str(tmp_path)) == EXPECTED


def test_rows_without_a_time_are_the_last_of_a_frame(query: tf.Query, tmp_path: Path) -> None:
    query.to_parquet(tmp_path, partition_by=[])
    frame = tf.read_dataset(tmp_path)
    assert frame["trade"].tolist() == [1.0, 5.0, 2.0, 3.0, 4.0]
    pd.testing.assert_frame_equal(frame, query.to_pandas())
    # They are of no day.
    assert tf.read_dataset(tmp_path, days="2016-05-05")["trade"].tolist() == [1.0, 5.0]


def test_a_row_without_a_date_cannot_be_in_the_directory_of_a_date(query: tf.Query, tmp_path: Path) -> None:
    """Pandas and Dask cannot read such a directory."""
    with pytest.raises(ValueError, match=r"date null cannot be the name of a directory.*partition_by without 'date'"):
        query.to_parquet(tmp_path)
    assert list(tmp_path.rglob("*.parquet")) == []
