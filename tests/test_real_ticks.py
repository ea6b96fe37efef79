"""Real ticks, served by the sandbox and loaded over HTTP, equal the files they came from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tickframe as tf

FILES = [
    (kind, name)
    for kind in ("trades", "quotes")
    for name in (
        *("AIG.N_2013-10-08", "BAC.N_2013-10-07", "BAC.N_2013-10-08"),
        *(f"IBM.N_2013-10-{day:02}" for day in range(7, 12)),
    )
]


@pytest.fixture(scope="module")
def real_client(real_ticks: Path) -> Iterator[tf.Client]:
    with tf.Client.sandbox(str(real_ticks)) as client:
        yield client


@pytest.mark.parametrize(("kind", "name"), FILES)
def test_a_response_equals_its_file_value_for_value_and_null_for_null(
    real_client: tf.Client, real_ticks: Path, kind: str, name: str
) -> None:
    file = pq.read_table(real_ticks / kind / f"{name}.parquet")
    symbol, day = name.split("_")
    response = real_client.tick_data("LOCAL", symbol, day, data_type=kind.upper()).to_arrow(times="documented")
    assert response.schema.names == file.schema.names
    assert response.num_rows == file.num_rows > 10_000
    for column in file.schema.names:
        assert stored(response.column(column)).equals(stored(file.column(column))), column


def stored(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return times as nanoseconds and labels as strings, of whatever type they are."""
    if pa.types.is_time64(column.type) or pa.types.is_duration(column.type):
        assert column.type.unit == "ns"
        column = column.cast(pa.int64())
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    return pa.chunked_array([column.combine_chunks()])


def test_the_frame_of_real_quotes_is_exact(real_client: tf.Client, real_ticks: Path) -> None:
    """The first quote has only one side; the other is NA and NaN, not a sentinel."""
    file = pq.read_table(real_ticks / "quotes" / "IBM.N_2013-10-07.parquet").to_pandas()
    frame = real_client.tick_data("LOCAL", "IBM.N", "2013-10-07", data_type="QUOTES").to_pandas()
    assert frame["bid_size"].isna().sum() == file["bid_size"].isna().sum() == 1
    assert str(frame["bid_size"].dtype) == "Int64"
    assert frame["bid_size"].dropna().tolist() == file["bid_size"].dropna().astype("int64").tolist()
    assert str(frame.index[0]) == "2013-10-07 04:00:00.054000"
