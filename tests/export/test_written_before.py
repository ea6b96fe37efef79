"""An export that version 0.1.0 wrote is read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow import feather

WRITTEN = Path(__file__).parent.parent / "data" / "written_by_0.1.0"


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
