"""The files of an export: values, types, encodings, options, and how rows are split."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import tickframe as tf
from tests.export.test_writer import SYMBOLS, WEEK
from tickframe.export.files import FileFormat

DAY = "2016-05-02"

# Symbols as people and services write them.
CELLS = st.tuples(
    st.sampled_from(["A", "a", "A/B", "0700.HK", "é"]), st.sampled_from([dt.date(2016, 5, 2), dt.date(2016, 5, 3)])
)


def ticks(client: tf.Client) -> tf.Query:
    return client.tick_data("ACTIV", "ZAL.XE", DAY, data_type="TRADES_AND_QUOTES", to_time="09:30")


@pytest.mark.parametrize("data_type", ["TRADES", "QUOTES", "TRADES_AND_QUOTES"])
def test_pandas_reads_a_file_with_the_types_of_a_query(client: tf.Client, tmp_path: Path, data_type: str) -> None:
    query = client.tick_data("ACTIV", "ZAL.XE", DAY, data_type=data_type, to_time="09:30")
    [path] = query.to_parquet(tmp_path)
    expected = query.to_pandas(order="parts").drop(columns="symbol")
    read = pd.read_parquet(path, partitioning=None)
    assert next(iter(read)) == "timestamp"
    pd.testing.assert_frame_equal(read.set_index("timestamp"), expected)


def test_files_are_small_and_have_statistics(client: tf.Client, tmp_path: Path) -> None:
    """Relative to the encodings that pyarrow chooses for the documented columns."""
    query = client.tick_data("ACTIV", "ZAL.XE", DAY, data_type="TRADES")
    [path] = query.to_parquet(tmp_path)
    group = pq.read_metadata(path).row_group(0)
    columns = {group.column(at).path_in_schema: group.column(at) for at in range(group.num_columns)}
    assert "DELTA_BINARY_PACKED" in columns["timestamp"].encodings
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert all(column.is_stats_set for column in columns.values())
    plain = tmp_path / "plain.parquet"
    pq.write_table(query.to_arrow(times="documented").drop_columns(["symbol", "date"]), plain, compression="zstd")
    assert path.stat().st_size < 0.75 * plain.stat().st_size


def test_write_options_go_to_the_writer(client: tf.Client, tmp_path: Path) -> None:
    query = ticks(client)
    options = {"compression": "snappy", "row_group_size": 500, "use_dictionary": False, "write_statistics": False}
    [path] = query.to_parquet(tmp_path, write_options=options)
    metadata = pq.read_metadata(path)
    assert metadata.num_row_groups == -(-metadata.num_rows // 500) > 1
    column = metadata.row_group(0).column(0)
    assert (column.compression, column.is_stats_set) == ("SNAPPY", False)
    expected = query.to_arrow().drop_columns("symbol").to_pydict()
    assert pq.read_table(path, partitioning=None).to_pydict() == expected


@pytest.mark.parametrize("options", [{"flavor": "spark"}, {"use_deprecated_int96_timestamps": True}])
def test_old_timestamps_are_exact_too(client: tf.Client, tmp_path: Path, options: dict[str, object]) -> None:
    query = ticks(client)
    query.to_parquet(tmp_path, write_options=options)
    assert_frame_equal(tf.read_dataset(tmp_path), query.to_pandas())


@pytest.mark.parametrize(
    "options",
    [
        {"compresion": "snappy"},
        {"compression": "zipp"},
        {"where": "elsewhere"},
        {"filesystem": None},
        {"version": "9"},
        {"compression": "snappy", "compression_level": 3},
        # Each cuts nanoseconds.
        {"version": "2.4"},
        {"coerce_timestamps": "us"},
        {"coerce_timestamps": "us", "allow_truncated_timestamps": True},
    ],
)
def test_invalid_write_options_are_refused_before_anything_is_sent(tmp_path: Path, options: dict[str, object]) -> None:
    # Nothing listens at this address.
    with (
        tf.Client("https://127.0.0.1:1", token="t", retry_seconds=0) as client,
        pytest.raises(ValueError, match="invalid write_options"),
    ):
        ticks(client).to_parquet(tmp_path / "x", write_options=options)
    assert not (tmp_path / "x").exists()


def test_rows_of_a_file_can_be_in_order_of_time(client: tf.Client, tmp_path: Path) -> None:
    query = client.tick_data("ACTIV", SYMBOLS, WEEK, data_type="TRADES", to_time="09:30")
    paths = query.to_parquet(tmp_path, order="time", partition_by="symbol")
    for path in paths:
        times = pd.read_parquet(path, partitioning=None)["timestamp"]
        assert times.is_monotonic_increasing
    assert sum(pq.read_metadata(path).num_rows for path in paths) == query.to_arrow().num_rows


def test_documented_times_stay_two_columns(client: tf.Client, tmp_path: Path) -> None:
    query = ticks(client)
    [path] = query.to_parquet(tmp_path, times="documented")
    expected = query.to_arrow(times="documented").drop_columns(["symbol", "date"])
    assert pq.read_table(path, partitioning=None).equals(expected)


def test_a_time_zone_is_in_the_files(client: tf.Client, tmp_path: Path) -> None:
    [path] = ticks(client).to_parquet(tmp_path, tz="Europe/Berlin")
    assert pq.read_schema(path).field("timestamp").type == pa.timestamp("ns", "Europe/Berlin")
    # The directory has the day on the exchange's clock.
    assert path.parent.name == f"date={DAY}"


@given(rows=st.lists(CELLS, max_size=30), cut=st.integers(0, 30))
def test_rows_are_split_by_their_values_in_their_order(rows: list[tuple[str, dt.date]], cut: int) -> None:
    """Frames have dictionaries of their own."""
    batches = []
    for part in (rows[:cut], rows[cut:]):
        symbols = pa.array([symbol for symbol, _ in part], pa.string()).dictionary_encode()
        dates = pa.array([day for _, day in part], pa.date32())
        numbers = pa.array(range(len(part)), pa.int64())
        batches.append(pa.RecordBatch.from_arrays([symbols, dates, numbers], names=["symbol", "date", "number"]))
    expected = defaultdict(list)
    for part in (rows[:cut], rows[cut:]):
        for number, key in enumerate(part):
            expected[key].append(number)
    files = list(FileFormat(("symbol", "date"), is_documented=False).files(batches))
    found = [pq.read_table(pa.BufferReader(file.content))["number"].to_pylist() for file in files]
    assert found == list(expected.values())
    assert [file.rows for file in files] == list(map(len, found))
    assert len({file.directories for file in files}) == len(files)
