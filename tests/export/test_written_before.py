"""An export that version 0.1.0 wrote is read, and continued."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow import feather

import tickframe as tf

WRITTEN = Path(__file__).parent / "data" / "written_by_0.1.0"


def test_an_export_is_continued_without_a_request(tmp_path: Path) -> None:
    export = tmp_path / "export"
    shutil.copytree(WRITTEN / "export", export)
    files = {path: path.read_bytes() for path in export.rglob("*.parquet")}
    # Nothing listens at this address.
    with tf.Client("https://127.0.0.1:1", token="t", retry_seconds=0) as client:
        query = client.tick_data(
            "ACTIV",
            ["ZAL.XE", "ADS.XE"],
            ("2016-05-05", "2016-05-07"),
            data_type="TRADES",
            from_time="09:00",
            to_time="09:02",
        )
        assert set(query.to_parquet(export)) == set(files)
    assert [outcome.origin for outcome in query.outcomes] == ["dataset"] * 6
    assert {path: path.read_bytes() for path in export.rglob("*.parquet")} == files


def test_the_rows_of_an_export_are_those_that_were_written() -> None:
    expected = feather.read_table(WRITTEN / "expected" / "trades.arrow")
    read = ds.dataset(
        WRITTEN / "export",
        partitioning=ds.partitioning(expected.select(["symbol", "date"]).schema, flavor="hive", dictionaries="infer"),
        exclude_invalid_files=True,
    ).to_table()
    keys = [(name, "ascending") for name in ("date", "symbol", "time", "trade", "trade_size")]
    tables = [
        table.set_column(0, "symbol", table["symbol"].cast(pa.string())).sort_by(keys)
        for table in (read.select(expected.column_names), expected)
    ]
    assert tables[0].num_rows == expected.num_rows > 0
    assert tables[0].drop_columns(["trade_condition"]).equals(tables[1].drop_columns(["trade_condition"]))
