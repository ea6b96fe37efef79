"""Every way out of a query has every value, in the order that it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import tickframe as tf
from tests.cli.command import start
from tests.readers.worst import (
    DUCKDB_COLUMNS,
    SYMBOLS,
    ZONES,
    Ticks,
    by_time,
    in_any_order,
    rows,
    ticks_of_arrow,
    ticks_of_duckdb,
    ticks_of_pandas,
    ticks_of_polars,
)
from tickframe.sandbox import Sandbox

pytestmark = [
    pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
]


def duckdb_stream(query: tf.Query) -> Ticks:
    stream = query.to_reader()  # noqa: F841 - DuckDB finds it by its name
    return ticks_of_duckdb(duckdb.sql(f"select {DUCKDB_COLUMNS} from stream"))  # noqa: S608


def duckdb_query(query: tf.Query) -> Ticks:  # noqa: ARG001 - DuckDB finds it by its name
    return ticks_of_duckdb(duckdb.sql(f"select {DUCKDB_COLUMNS} from query"))  # noqa: S608


IN_ORDER_OF_PARTS: dict[str, Callable[[tf.Query], Ticks]] = {
    "to_arrow": lambda query: ticks_of_arrow(query.to_arrow()),
    "to_reader": lambda query: ticks_of_arrow(query.to_reader().read_all()),
    "to_polars": lambda query: ticks_of_polars(query.to_polars()),
    "stream to Polars": lambda query: ticks_of_polars(pl.DataFrame(query)),
    "stream to DuckDB": duckdb_stream,
    "query in DuckDB": duckdb_query,
    "to_pandas in order of parts": lambda query: ticks_of_pandas(query.to_pandas(order="parts")),
}

IN_ORDER_OF_TIME: dict[str, Callable[[tf.Query], Ticks]] = {
    "to_pandas": lambda query: ticks_of_pandas(query.to_pandas()),
    "to_pandas nullable": lambda query: ticks_of_pandas(query.to_pandas(dtype_backend="numpy_nullable")),
    "to_pandas pyarrow": lambda query: ticks_of_pandas(query.to_pandas(dtype_backend="pyarrow")),
    "to_arrow": lambda query: ticks_of_arrow(query.to_arrow(order="time")),
    "to_reader": lambda query: ticks_of_arrow(query.to_reader(order="time").read_all()),
    "to_polars": lambda query: ticks_of_polars(query.to_polars(order="time")),
}


@pytest.mark.parametrize("leave", IN_ORDER_OF_PARTS.values(), ids=IN_ORDER_OF_PARTS.keys())
def test_an_exit_in_the_order_of_the_parts(worst: tf.Query, leave: Callable[[tf.Query], Ticks]) -> None:
    assert leave(worst) == rows()


@pytest.mark.parametrize("leave", IN_ORDER_OF_TIME.values(), ids=IN_ORDER_OF_TIME.keys())
def test_an_exit_in_order_of_time(worst: tf.Query, leave: Callable[[tf.Query], Ticks]) -> None:
    assert leave(worst) == by_time(rows())


def test_dask(worst: tf.Query) -> None:
    frame = worst.to_dask().compute(scheduler="synchronous")
    assert in_any_order(ticks_of_pandas(frame)) == in_any_order(rows())


@pytest.mark.parametrize("leave", IN_ORDER_OF_PARTS.values(), ids=IN_ORDER_OF_PARTS.keys())
def test_a_day_without_ticks_leaves_with_no_rows(worst_client: tf.Client, leave: Callable[[tf.Query], Ticks]) -> None:
    query = worst_client.tick_data("LOCAL", ["VOD.L", "ZAL.XE"], ("2016-05-03", "2016-05-04"), data_type="TRADES")
    second = [tick for tick in rows(["ZAL.XE"]) if tick.timestamp is not None][7:]
    assert leave(query) == second


def in_zones(ticks: Ticks) -> Ticks:
    """Return ticks with the moments of their wall-clock times in the zone of each symbol."""
    moved = []
    for tick in ticks:
        assert tick.timestamp is not None
        assert tick.symbol is not None
        seconds, nanoseconds = divmod(tick.timestamp, 10**9)
        clock = pd.Timestamp(seconds, unit="s").to_pydatetime()
        suffix = tick.symbol.rpartition(".")[2] if "." in tick.symbol else ""
        moment = clock.replace(tzinfo=ZoneInfo(ZONES[suffix]))
        moved.append(tick._replace(timestamp=round(moment.timestamp()) * 10**9 + nanoseconds))
    return moved


def test_each_symbol_leaves_with_the_moments_of_its_time_zone(worst: tf.Query) -> None:
    assert ticks_of_arrow(worst.to_arrow(tz=ZONES)) == in_zones(rows())
    frame = worst.to_pandas(tz=ZONES)
    assert str(frame.index.tz) == "UTC"
    assert ticks_of_pandas(frame) == by_time(in_zones(rows()))
    assert ticks_of_polars(worst.to_polars(tz=ZONES)) == in_zones(rows())


def test_timestamps_with_a_time_zone_in_duckdb(worst: tf.Query) -> None:
    """DuckDB before version 2 cuts them to microseconds."""
    stream = worst.to_arrow(tz=ZONES)
    found = ticks_of_duckdb(duckdb.sql(f"select {DUCKDB_COLUMNS} from stream"))  # noqa: S608
    assert stream.num_rows == len(found)
    expected = in_zones(rows())
    if int(duckdb.__version__.split(".")[0]) < 2:
        expected = [tick._replace(timestamp=(tick.timestamp or 0) // 1000 * 1000) for tick in expected]
    assert found == expected


def test_pyarrow_makes_floats_of_integers_with_nulls_in_its_own_frames(worst: tf.Query) -> None:
    """Which is why ``to_pandas`` is the query's own."""
    sizes = worst.to_arrow().to_pandas()["trade_size"]
    assert sizes.dtype == "float64"
    assert 2**53 + 1 not in sizes.dropna().astype("int64").tolist()


def read_csv(path: Path) -> Ticks:
    """Read a file with the types that the header does not state; quoted text is not a null."""
    types = {
        "timestamp": pa.timestamp("ns"),
        "symbol": pa.string(),
        "trade": pa.float64(),
        "trade_size": pa.int64(),
        "trade_condition": pa.string(),
    }
    options = pyarrow.csv.ConvertOptions(
        column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return ticks_of_arrow(pyarrow.csv.read_csv(path, convert_options=options))


def read_stream(path: Path) -> Ticks:
    with pa.ipc.open_stream(path) as reader:
        return ticks_of_arrow(reader.read_all())


FILES: dict[str, Callable[[Path], Ticks]] = {
    "ticks.parquet": lambda path: ticks_of_arrow(pq.read_table(path)),
    "ticks.csv": read_csv,
    "ticks.arrow": read_stream,
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_the_command(worst_service: Sandbox, name: str, tmp_path: Path) -> None:
    arguments = ["load", "LOCAL", *SYMBOLS, "2016-05-02:2016-05-03", "--type", "TRADES"]
    account = {
        "TICKFRAME_URL": worst_service.url,
        "TICKFRAME_USER": worst_service.user,
        "TICKFRAME_PASSWORD": worst_service.password,
        "TICKFRAME_CLIENT_SECRET": worst_service.client_secret,
    }
    with (tmp_path / name).open("wb") as file:
        to_stdout = name.endswith(".arrow")
        out = ["--out", "-" if to_stdout else str(tmp_path / name)]
        force = [] if to_stdout else ["--force"]
        with start(*arguments, *out, *force, cwd=tmp_path, stdout=file, **account) as process:
            _, stderr = process.communicate(timeout=50)
    assert process.returncode == 0, stderr
    assert FILES[name](tmp_path / name) == rows()
