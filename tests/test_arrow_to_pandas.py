"""Arrow tables as DataFrames: dtypes, index, time zones, and writable memory."""

from __future__ import annotations

import datetime as dt
import itertools
import weakref

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickframe.arrow_to_pandas import FrameBuilder, to_dataframe

# 9:00 on 2016-05-05, and a nanosecond.
NINE = pd.Timestamp("2016-05-05 09:00:00.000000001").value
# What each pandas makes of strings.
STRING = "str" if int(pd.__version__.split(".")[0]) >= 3 else "object"


def table(rows: int = 3, *, nulls: bool = True) -> pa.Table:
    """Return a table of every type, with nulls in the second row."""

    def column(values: list[object], kind: pa.DataType) -> pa.Array:
        return pa.array([None if nulls and row == 1 else values[row] for row in range(rows)], kind)

    return pa.table(
        {
            "timestamp": pa.array([NINE + row for row in range(rows)], pa.int64()).view(pa.timestamp("ns")),
            "symbol": column(["ZAL.XE"] * 3, pa.dictionary(pa.int32(), pa.string())),
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
    "name": STRING,
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
    frame = to_dataframe(table(rows, nulls=nulls), index="timestamp", dtype_backend=backend)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes
    assert str(frame.index.dtype) == "datetime64[ns]"


def test_the_pyarrow_backend_keeps_arrow_types_and_a_real_datetime_index() -> None:
    frame = to_dataframe(table(), index="timestamp", dtype_backend="pyarrow")
    assert all(isinstance(dtype, pd.ArrowDtype) for dtype in frame.dtypes)
    assert str(frame.dtypes["first_day"]) == "date32[day][pyarrow]"
    assert type(frame.index) is pd.DatetimeIndex
    assert len(frame["trade"].astype("float64").resample("1s").ohlc()) == 1


def test_integers_dates_and_nulls_arrive_exactly() -> None:
    frame = to_dataframe(table())
    assert frame["trade_size"].tolist() == [2**62 + 1, pd.NA, 3]
    assert frame["timestamp"].astype("int64").tolist() == [NINE + row for row in range(3)]
    assert frame["first_day"].tolist() == [pd.Timestamp("2016-05-05"), pd.NaT, pd.Timestamp("2016-05-05")]
    assert np.isnan(frame["trade"].iloc[1])


def test_timestamps_become_an_index_in_nanoseconds() -> None:
    frame = to_dataframe(table(), index="timestamp")
    assert frame.index.name == "timestamp"
    assert frame.index[0] == pd.Timestamp("2016-05-05 09:00:00.000000001")
    assert "timestamp" not in frame.columns


def test_a_null_timestamp_is_nat_in_the_index() -> None:
    stamps = pa.array([NINE, None, NINE + 1], pa.int64()).view(pa.timestamp("ns"))
    assert to_dataframe(pa.table({"at": stamps}), index="at").index.tolist() == [
        pd.Timestamp(NINE),
        pd.NaT,
        pd.Timestamp(NINE + 1),
    ]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC"])
@pytest.mark.parametrize("consume", [False, True])
def test_the_index_and_columns_keep_their_time_zone(zone: str, consume: bool) -> None:
    stamps = pa.array([NINE, None], pa.int64()).view(pa.timestamp("ns", zone))
    frame = to_dataframe(pa.table({"at": stamps, "captured": stamps}), index="at", consume=consume)
    assert str(frame.index.dtype) == str(frame["captured"].dtype) == f"datetime64[ns, {zone}]"
    for values in (frame.index, frame["captured"]):
        assert values[0 if values is frame.index else frame.index[0]] == pd.Timestamp(NINE, tz=zone)
        assert values.isna().tolist() == [False, True]


@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
@pytest.mark.parametrize("chunks", [1, 2])
@pytest.mark.parametrize("nulls", [False, True])
def test_frames_are_writable_and_leave_the_table_unchanged(backend: str | None, chunks: int, nulls: bool) -> None:
    source = pa.concat_tables([table(nulls=nulls)] * chunks)
    frame = to_dataframe(source, dtype_backend=backend)
    before = source.to_pylist()
    for name in frame.columns.drop("feeds"):
        frame.loc[0, name] = frame.loc[2, name]
        frame[name].array[1:2]
    frame.iloc[0, frame.columns.get_loc("trade")] = 9.5
    assert frame.loc[0, "trade"] == 9.5
    assert source.to_pylist() == before


def test_chunks_with_different_dictionaries_share_categories() -> None:
    names = [["A", "A"], ["B", None, "A"], [None], ["C", "B"]]
    chunks = [pa.array(chunk, pa.string()).dictionary_encode() for chunk in names]
    symbols = to_dataframe(pa.table({"symbol": pa.chunked_array(chunks)}))["symbol"]
    assert symbols.cat.categories.tolist() == ["A", "B", "C"]
    assert symbols.astype(object).where(symbols.notna(), None).tolist() == list(itertools.chain.from_iterable(names))


@pytest.mark.parametrize("other", ["AB", "BA"])
def test_the_stored_index_of_a_null_label_is_ignored(other: str) -> None:
    indices = pa.Array.from_buffers(
        pa.int32(), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(np.array([1, 2**31 - 1, 0], np.int32))]
    )
    chunks = [pa.DictionaryArray.from_arrays(indices, pa.array(list(names))) for names in ("AB", other)]
    symbols = to_dataframe(pa.table({"symbol": pa.chunked_array(chunks)}))["symbol"]
    assert symbols.cat.codes.tolist() == ([1, -1, 0, 1, -1, 0] if other == "AB" else [1, -1, 0, 0, -1, 1])


@pytest.mark.parametrize("categories", [1, 126, 127, 128, 40_000])
def test_many_categories_fit_into_their_codes(categories: int) -> None:
    labels = [str(label) for label in range(categories)]
    symbols = to_dataframe(pa.table({"symbol": pa.array(labels).dictionary_encode()}))["symbol"]
    assert symbols.tolist() == labels
    assert symbols.cat.codes.dtype == pd.Categorical(labels).codes.dtype


def test_a_boolean_with_nulls_is_nullable() -> None:
    frame = to_dataframe(pa.table({"open": pa.array([True, None])}))
    assert frame["open"].tolist() == [True, pd.NA]


def test_a_date_out_of_range_is_an_error_that_names_the_alternative() -> None:
    with pytest.raises(ValueError, match=r"'first_day'.*to_arrow"):
        to_dataframe(pa.table({"first_day": pa.array([dt.date(9999, 12, 31)], pa.date32())}))
    with pytest.raises(ValueError, match=r"'holidays'.*to_arrow"):
        to_dataframe(pa.table({"holidays": pa.array([[3_000_000]], pa.list_(pa.date32()))}))


@pytest.mark.parametrize(
    "arguments",
    [
        {"dtype_backend": "polars"},
        {"nulls": "nan"},
        {"dtype_backend": "numpy_nullable", "nulls": "nan"},
        {"dtype_backend": "numpy", "nulls": "zero"},
        {"index": "trade"},
        {"index": "absent"},
    ],
)
def test_invalid_options_are_errors(arguments: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"dtype_backend|nulls|invalid index"):
        to_dataframe(table(), **arguments)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_the_numpy_backend_has_numpys_own_integers(rows: int) -> None:
    frame = to_dataframe(table(rows, nulls=False), index="timestamp", dtype_backend="numpy")
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DEFAULT | {"trade_size": "int64"}
    assert frame["trade_size"].tolist() == [2**62 + 1, 2, 3][:rows]


@pytest.mark.parametrize("column", [[1, None], [True, None]])
def test_numpy_integers_with_nulls_are_an_error_that_names_the_column(column: list[object]) -> None:
    with pytest.raises(ValueError, match=r"'trade_size' has nulls.*nulls='nan'"):
        to_dataframe(pa.table({"trade_size": pa.array(column)}), dtype_backend="numpy")


def test_nulls_become_nan_on_request() -> None:
    exact = [0, -1, 2**53, -(2**53), 2**53 + 2, -(2**63), None]
    source = pa.table({"size": pa.array(exact), "open": pa.array([True, False, None] + [True] * 4), "count": [1] * 7})
    frame = to_dataframe(source, dtype_backend="numpy", nulls="nan")
    assert frame.dtypes.astype(str).to_dict() == {"size": "float64", "open": "float64", "count": "int64"}
    assert [int(size) for size in frame["size"][:6]] == exact[:6]
    assert np.isnan(frame["size"][6])
    assert frame["open"].fillna(-1).tolist() == [1, 0, -1, 1, 1, 1, 1]


@pytest.mark.parametrize("size", [2**53 + 1, -(2**53) - 1, 2**63 - 1])
def test_an_integer_that_no_float_equals_is_an_error(size: int) -> None:
    with pytest.raises(ValueError, match=f"'size'.*integer {size}"):
        to_dataframe(pa.table({"size": pa.array([1, None, size])}), dtype_backend="numpy", nulls="nan")


_VALUES = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(allow_nan=False),
    pa.bool_(): st.booleans(),
    pa.string(): st.text(max_size=3),
    pa.dictionary(pa.int32(), pa.string()): st.sampled_from(["A", "a", "0700", "NA", ""]),
    pa.date32(): st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)),
    pa.duration("ns"): st.integers(-(2**62), 2**62).map(lambda value: pd.Timedelta(value, "ns")),
    pa.timestamp("ns"): st.integers(-(2**62), 2**62).map(pd.Timestamp),
}


@settings(deadline=None)
@given(st.data(), st.sampled_from(list(_VALUES)), st.booleans())
def test_any_chunks_and_slices_arrive_value_for_value(data: st.DataObject, kind: pa.DataType, consume: bool) -> None:
    """A bitmap starts at any bit of a byte, chunks may be empty, and each has a dictionary of its own."""
    chunks, expected = [], []
    for values in data.draw(st.lists(st.lists(st.none() | _VALUES[kind], max_size=20), max_size=4)):
        start = data.draw(st.integers(0, len(values)))
        chunks.append(pa.array(values, kind).slice(start))
        expected += values[start:]
    frame = to_dataframe(pa.table({"column": pa.chunked_array(chunks, kind)}), consume=consume)
    assert [None if pd.isna(value) else value for value in frame["column"].astype(object)] == [
        pd.Timestamp(value) if type(value) is dt.date else value for value in expected
    ]


def test_many_rows_are_copied_to_their_places() -> None:
    lengths = [150_001, 7, 250_003, 1, 300_000, 0, 99_999]
    numbers = np.arange(sum(lengths))
    whole = pa.table(
        {
            "size": pa.array(numbers, mask=numbers % 7 == 3),
            "price": pa.array(numbers / 4, mask=numbers % 5 == 2),
            "open": pa.array(numbers % 3 == 1),
            "symbol": pa.array((numbers % 11).astype(str)).dictionary_encode(),
            "day": pa.array((numbers % 1000).astype(np.int32)).cast(pa.date32()),
        }
    )
    starts = itertools.accumulate(lengths, initial=0)
    chunked = pa.concat_tables([whole.slice(start, length) for start, length in zip(starts, lengths, strict=False)])
    pd.testing.assert_frame_equal(to_dataframe(chunked), to_dataframe(whole))
    assert to_dataframe(chunked)["size"].sum() == int(numbers[numbers % 7 != 3].sum())


def test_a_date_out_of_range_in_one_of_many_chunks_is_an_error() -> None:
    days = pa.array(np.zeros(200_000, np.int32)).cast(pa.date32())
    late = pa.array([dt.date(9999, 12, 31)], pa.date32())
    with pytest.raises(ValueError, match=r"'first_day'.*to_arrow"):
        to_dataframe(pa.table({"first_day": pa.chunked_array([days, days, late, days])}))


def _numpy_table(chunks: int, rows: int) -> pa.Table:
    """Return a table in memory that :mod:`tracemalloc` sees."""

    def column(kind: pa.DataType) -> pa.ChunkedArray:
        arrays = [np.arange(rows) + chunk * rows for chunk in range(chunks)]
        return pa.chunked_array(
            [pa.Array.from_buffers(kind, rows, [None, pa.py_buffer(array)]) for array in arrays], kind
        )

    return pa.table(
        {"at": column(pa.timestamp("ns")), "price": column(pa.float64()), "lasts": column(pa.duration("ns"))}
    )


def test_a_batch_is_freed_as_soon_as_the_next_ones_are_converted() -> None:
    memory = [np.arange(1_000.0) + 1_000 * batch for batch in range(5)]
    freed: list[int] = []
    for batch, values in enumerate(memory):
        weakref.finalize(values, freed.append, batch)
    schema = pa.schema({"price": pa.float64()})
    builder = FrameBuilder(schema)
    for batch in range(5):
        [values, memory[batch]] = [memory[batch], None]
        prices = pa.Array.from_buffers(pa.float64(), 1_000, [None, pa.py_buffer(values)])
        del values
        builder.append(pa.record_batch([prices], schema))
        del prices
        assert freed == list(range(batch + 1 if batch else 0))
    pd.testing.assert_series_equal(builder.finish()["price"], pd.Series(np.arange(5_000.0)), check_names=False)


def _built(batches: list[pa.RecordBatch], *, sort: bool, consume: bool, **options: object) -> pd.DataFrame:
    builder = FrameBuilder(batches[0].schema, index="timestamp", consume=consume, **options)
    for batch in batches:
        builder.append(batch)
    return builder.finish(sort=sort)


@pytest.mark.parametrize("backend", [None, "numpy", "numpy_nullable", "pyarrow"])
@pytest.mark.parametrize("nulls", [False, True])
@pytest.mark.parametrize("consume", [False, True])
@pytest.mark.parametrize("batches", [1, 2, 7])
def test_batches_build_the_frame_of_their_table(backend: str, nulls: bool, consume: bool, batches: int) -> None:
    source = pa.concat_tables([table(nulls=nulls)] * batches)
    options = {"dtype_backend": backend}
    if backend == "numpy":
        source = source.set_column(3, "trade_size", pa.chunked_array([pa.array([5, None, 7])] * batches))
        options["nulls"] = "nan"
    expected = to_dataframe(source, index="timestamp", **options)
    # Memory that is shared by batches is taken over from the only one alone.
    copied = [pa.RecordBatch.from_pydict(batch.to_pydict(), batch.schema) for batch in source.to_batches()]
    built = _built(copied, sort=False, consume=consume, **options)
    pd.testing.assert_frame_equal(built, expected)
    ordered = _built(source.to_batches(), sort=True, consume=False, **options)
    pd.testing.assert_frame_equal(ordered, expected.sort_index(kind="stable", na_position="last"))


def test_rows_of_one_time_stay_in_order_and_those_without_one_are_last() -> None:
    stamps = pa.array([5, None, 3, 5, None, 3], pa.int64()).view(pa.timestamp("ns"))
    source = pa.record_batch({"timestamp": stamps, "row": pa.array(range(6))})
    built = _built([source.slice(0, 2), source.slice(2)], sort=True, consume=True)
    assert built["row"].tolist() == [2, 5, 0, 3, 1, 4]
    assert built.index.isna().tolist() == [False] * 4 + [True] * 2


def test_labels_may_become_more_than_fit_into_the_codes_so_far() -> None:
    names = [[f"{batch}-{label}" for label in range(100)] for batch in range(4)]
    chunks = [pa.record_batch({"symbol": pa.array(labels).dictionary_encode()}) for labels in names]
    builder = FrameBuilder(chunks[0].schema)
    for chunk in chunks:
        builder.append(chunk)
    assert builder.finish()["symbol"].tolist() == list(itertools.chain.from_iterable(names))


def test_batches_of_different_schemas_are_an_error() -> None:
    builder = FrameBuilder(pa.schema({"price": pa.float64()}))
    builder.append(pa.record_batch({"price": [1.5]}))
    with pytest.raises(ValueError, match="one schema"):
        builder.append(pa.record_batch({"price": [1]}))


def _numpy_table(rows: int) -> pa.Table:
    prices = np.arange(rows) / 4
    return pa.table({"price": pa.Array.from_buffers(pa.float64(), rows, [None, pa.py_buffer(prices)])})


def test_the_only_chunk_of_a_consumed_table_becomes_the_frame() -> None:
    tables = [_numpy_table(1_000)]
    address = tables[0].column("price").chunk(0).buffers()[1].address
    frame = to_dataframe(tables.pop(), consume=True)
    assert frame["price"].to_numpy().__array_interface__["data"][0] == address
    frame.loc[0, "price"] = 1.5
    assert frame.loc[0, "price"] == 1.5
