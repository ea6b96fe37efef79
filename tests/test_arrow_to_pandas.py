"""Arrow tables as DataFrames: dtypes, index, time zones, and writable memory."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tickframe.arrow_to_pandas import to_dataframe

TIMESTAMP = ("date", "time")


def table(rows: int = 3, *, nulls: bool = True) -> pa.Table:
    def column(values: list[object], kind: pa.DataType) -> pa.Array:
        return pa.array([None if nulls and row == 1 else values[row] for row in range(rows)], kind)

    return pa.table(
        {
            "symbol": pa.array(["ZAL.XE"] * rows, pa.string()).dictionary_encode(),
            "date": pa.array([dt.date(2016, 5, 5)] * rows, pa.date32()),
            "time": pa.array([32_400_000_000_001 + row for row in range(rows)], pa.int64()).view(pa.duration("ns")),
            "trade": column([1.5, 2.5, 3.5], pa.float64()),
            "trade_size": column([2**62 + 1, 2, 3], pa.int64()),
            "name": column(["a", "b", "c"], pa.string()),
            "first_day": column([dt.date(2016, 5, 5)] * 3, pa.date32()),
            "lasts": column([1, 2, 3], pa.int64()).view(pa.duration("ns")),
            "captured": column([1, 2, 3], pa.int64()).view(pa.timestamp("ns")),
            "open": pa.array([True, False, True][:rows], pa.bool_()),
            "feeds": pa.array([["x"]] * rows, pa.list_(pa.string())),
        }
    )


DEFAULT = {
    "symbol": "category",
    "trade": "float64",
    "trade_size": "Int64",
    "name": "str",
    "first_day": "datetime64[ns]",
    "lasts": "timedelta64[ns]",
    "captured": "datetime64[ns]",
    "open": "bool",
    "feeds": "object",
}
NUMPY_NULLABLE = DEFAULT | {"trade": "Float64", "name": "string", "open": "boolean"}


@pytest.mark.parametrize(("backend", "dtypes"), [(None, DEFAULT), ("numpy_nullable", NUMPY_NULLABLE)])
@pytest.mark.parametrize("rows", [0, 1, 3])
@pytest.mark.parametrize("nulls", [False, True])
def test_dtypes_follow_the_schema_whatever_the_values(
    backend: str | None, dtypes: dict[str, str], rows: int, nulls: bool
) -> None:
    frame = to_dataframe(table(rows, nulls=nulls), timestamp=TIMESTAMP, dtype_backend=backend)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes
    assert str(frame.index.dtype) == "datetime64[ns]"


def test_the_pyarrow_backend_keeps_arrow_types_and_a_real_datetime_index() -> None:
    frame = to_dataframe(table(), timestamp=TIMESTAMP, dtype_backend="pyarrow")
    assert all(isinstance(dtype, pd.ArrowDtype) for dtype in frame.dtypes)
    assert str(frame.dtypes["first_day"]) == "date32[day][pyarrow]"
    assert type(frame.index) is pd.DatetimeIndex
    assert len(frame["trade"].astype("float64").resample("1s").ohlc()) == 1


def test_integers_dates_and_nulls_arrive_exactly() -> None:
    frame = to_dataframe(table(), timestamp=None)
    assert frame["trade_size"].tolist() == [2**62 + 1, pd.NA, 3]
    assert frame["time"].astype("int64").tolist() == [32_400_000_000_001 + row for row in range(3)]
    assert frame["first_day"].tolist() == [pd.Timestamp("2016-05-05"), pd.NaT, pd.Timestamp("2016-05-05")]
    assert np.isnan(frame["trade"].iloc[1])


def test_date_and_time_become_an_index_in_nanoseconds() -> None:
    frame = to_dataframe(table(), timestamp=TIMESTAMP)
    assert frame.index.name == "timestamp"
    assert frame.index[0] == pd.Timestamp("2016-05-05 09:00:00.000000001")
    assert not {"date", "time"} & set(frame.columns)


def test_a_missing_date_or_time_is_nat_in_the_index() -> None:
    holey = table().set_column(2, "time", pa.array([1, None, 2], pa.int64()).view(pa.duration("ns")))
    assert to_dataframe(holey, timestamp=TIMESTAMP).index.isna().tolist() == [False, True, False]


def test_a_time_of_24_hours_or_more_is_on_the_next_day() -> None:
    late = pa.array([25 * 3_600_000_000_000] * 3, pa.int64()).view(pa.duration("ns"))
    index = to_dataframe(table().set_column(2, "time", late), timestamp=TIMESTAMP).index
    assert index[0] == pd.Timestamp("2016-05-06 01:00")


def test_tz_localizes_the_wall_clock() -> None:
    index = to_dataframe(table(), timestamp=TIMESTAMP, tz="Europe/Berlin").index
    assert index[0] == pd.Timestamp("2016-05-05 09:00:00.000000001", tz="Europe/Berlin")
    assert str(index.dtype) == "datetime64[ns, Europe/Berlin]"


def test_a_nonexistent_wall_clock_time_is_an_error() -> None:
    spring = pa.table(
        {
            "date": pa.array([dt.date(2016, 3, 27)], pa.date32()),
            "time": pa.array([9_000_000_000_000], pa.int64()).view(pa.duration("ns")),
        }
    )
    with pytest.raises(ValueError, match="02:30"):
        to_dataframe(spring, timestamp=TIMESTAMP, tz="Europe/Berlin")


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
@pytest.mark.parametrize("chunks", [1, 2])
@pytest.mark.parametrize("nulls", [False, True])
def test_frames_are_writable_and_leave_the_table_unchanged(backend: str | None, chunks: int, nulls: bool) -> None:
    source = pa.concat_tables([table(nulls=nulls)] * chunks)
    frame = to_dataframe(source, timestamp=None, dtype_backend=backend)
    before = source.to_pylist()
    for name in frame.columns.drop("feeds"):
        frame.loc[0, name] = frame.loc[2, name]
        frame[name].array[1:2]
    frame.iloc[0, frame.columns.get_loc("trade")] = 9.5
    assert frame.loc[0, "trade"] == 9.5
    assert source.to_pylist() == before


def test_chunks_with_different_dictionaries_share_categories() -> None:
    parts = [table().set_column(0, "symbol", pa.array([name] * 3).dictionary_encode()) for name in "ABA"]
    symbols = to_dataframe(pa.concat_tables(parts), timestamp=TIMESTAMP)["symbol"]
    assert symbols.dtype == "category"
    assert symbols.tolist() == list(itertools.chain.from_iterable([name] * 3 for name in "ABA"))


def test_a_boolean_with_nulls_is_nullable() -> None:
    frame = to_dataframe(pa.table({"open": pa.array([True, None])}))
    assert frame["open"].tolist() == [True, pd.NA]


def test_a_date_out_of_range_is_an_error_that_names_the_alternative() -> None:
    with pytest.raises(ValueError, match=r"'first_day'.*to_arrow"):
        to_dataframe(pa.table({"first_day": pa.array([dt.date(9999, 12, 31)], pa.date32())}))


@pytest.mark.parametrize("arguments", [{"dtype_backend": "polars"}, {"tz": "UTC"}])
def test_invalid_options_are_errors(arguments: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"dtype_backend|tz"):
        to_dataframe(table(), **arguments)
