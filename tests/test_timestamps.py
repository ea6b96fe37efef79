"""Timestamps and the order of time: every exit, every kind of batch, against plain Python."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given

from tickframe.errors import DecodeError
from tickframe.plan.part import Part
from tickframe.run.time_order import merge_by_day
from tickframe.timestamps import TimeOptions, TimestampColumn, sort_by_time

EPOCH = dt.date(1970, 1, 1)
DAY = 86_400 * 10**9
COLUMN = TimestampColumn("date", "time")

ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-3, 3) | st.integers(-100_000, 100_000),
        st.none() | st.integers(0, 3) | st.integers(0, 2 * DAY),
        st.sampled_from(["A.XE", "B.L", "C.N"]),
    ),
    max_size=12,
)


def batch_of(rows: Sequence[tuple[int | None, int | None, str | None]]) -> pa.RecordBatch:
    days, times, symbols = ([row[at] for row in rows] for at in range(3))
    return pa.RecordBatch.from_pydict(
        {
            "symbol": pa.array(symbols, pa.string()).dictionary_encode(),
            "date": pa.array(days, pa.int32()).cast(pa.date32()),
            "time": pa.array(times, pa.duration("ns")),
            "row": pa.array(range(len(rows)), pa.int64()),
        }
    )


@given(ROWS)
def test_a_timestamp_is_date_plus_time_and_null_if_either_is(rows: list[tuple[int | None, int | None, str]]) -> None:
    batch = batch_of(rows)
    converted = COLUMN.convert(batch)
    assert converted.schema.names == ["timestamp", "symbol", "row"]
    assert converted.schema == COLUMN.schema(batch.schema)
    converted.validate(full=True)
    expected = [None if day is None or time is None else day * DAY + time for day, time, _ in rows]
    assert converted.column(0).cast(pa.int64()).to_pylist() == expected
    assert converted.column("row").equals(batch.column("row"))


def test_what_is_stored_for_a_null_does_not_matter() -> None:
    """Decoded columns keep the sentinels of the wire."""
    null = pa.py_buffer(b"\x00")
    columns = [
        pa.Array.from_buffers(pa.date32(), 1, [null, pa.py_buffer(np.array([-(2**31)], np.int32))]),
        pa.Array.from_buffers(pa.duration("ns"), 1, [null, pa.py_buffer(np.array([-(2**63)]))]),
    ]
    converted = COLUMN.convert(pa.RecordBatch.from_arrays(columns, names=["date", "time"]))
    assert converted.column(0).to_pylist() == [None]


def test_columns_can_be_kept() -> None:
    batch = batch_of([(1, 2, "A.XE")])
    assert COLUMN.convert(batch, keep=("date",)).schema.names == ["timestamp", "symbol", "date", "row"]
    assert COLUMN.schema(batch.schema, keep=("date",)).names == ["timestamp", "symbol", "date", "row"]


@pytest.mark.parametrize("day", [-(2**31) + 1, 2**31 - 1, 200_000])
def test_a_day_outside_of_64_bits_of_nanoseconds_is_an_error(day: int) -> None:
    for rows in ([(day, 0, "A.XE")], [(day, 0, "A.XE"), (0, None, "A.XE")]):
        with pytest.raises(ValueError, match=r"'date'.*1677 to 2262"):
            COLUMN.convert(batch_of(rows))


def test_the_first_and_the_last_nanosecond_are_exact() -> None:
    for value in (-(2**63) + 1, 2**63 - 1):
        day, time = divmod(value, DAY)
        # The midnight before the first is out of range itself.
        rows = [(day, time, "A.XE")] if value > 0 else [(day + 1, time - DAY, "A.XE")]
        assert COLUMN.convert(batch_of(rows)).column(0).cast(pa.int64()).to_pylist() == [value]


ZONES = {".XE": "Europe/Berlin", "L": "Europe/London", "N": "America/New_York"}


@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, DAY - 1), st.sampled_from(["A.XE", "B.L", "C.N"]))))
def test_each_symbol_is_localized_by_its_own_zone(rows: list[tuple[int, int, str]]) -> None:
    # Noon is on no clock change.
    rows = [(day, 12 * 3600 * 10**9 + time % 3600, symbol) for day, time, symbol in rows]
    column = TimestampColumn.of(("date", "time"), ZONES)
    converted = column.convert(batch_of(rows))
    assert converted.schema.field(0).type == pa.timestamp("ns", "UTC")
    expected = []
    for day, time, symbol in rows:
        zone = ZoneInfo({"A.XE": "Europe/Berlin", "B.L": "Europe/London", "C.N": "America/New_York"}[symbol])
        noon = dt.datetime.combine(EPOCH + dt.timedelta(day), dt.time(12), zone)
        expected.append(int(noon.timestamp()) * 10**9 + time % (3600 * 10**9))
    assert converted.column(0).cast(pa.int64()).to_pylist() == expected


def test_one_zone_labels_times_and_keeps_the_clock() -> None:
    column = TimestampColumn.of(("date", "time"), "Europe/Berlin")
    converted = column.convert(batch_of([(16_926, 9 * 3600 * 10**9 + 1, "A.XE"), (None, 5, "B.L")]))
    assert converted.schema.field(0).type == pa.timestamp("ns", "Europe/Berlin")
    first, second = converted.column(0).to_pandas()
    assert first == pd.Timestamp("2016-05-05 09:00:00.000000001", tz="Europe/Berlin")
    assert second is pd.NaT


@pytest.mark.parametrize(
    ("time", "words"), [("2016-03-27 02:30", "Europe/Berlin"), ("2016-10-30 02:30", "Europe/Berlin")]
)
def test_a_time_that_a_clock_skips_or_repeats_is_an_error(time: str, words: str) -> None:
    moment = pd.Timestamp(time)
    day = (moment.date() - EPOCH).days
    rows = [(day, (moment - moment.normalize()).value, "A.XE")]
    with pytest.raises(ValueError, match=words):
        TimestampColumn.of(("date", "time"), "Europe/Berlin").convert(batch_of(rows))


def test_unknown_suffixes_are_listed() -> None:
    column = TimestampColumn.of(("date", "time"), {"XE": "Europe/Berlin"})
    with pytest.raises(ValueError, match="suffixes '', 'L', 'N'"):
        column.check_symbols(["A.XE", "B.L", "C.N", "D", "E.L"])
    with pytest.raises(ValueError, match="suffixes 'L'"):
        column.convert(batch_of([(0, 0, "B.L")]))


def test_a_row_without_a_symbol_needs_one_zone_if_it_has_a_timestamp() -> None:
    column = TimestampColumn.of(("date", "time"), ZONES)
    rows = [(0, 0, "A.XE"), (None, 0, None), (0, None, None)]
    expected = [-3600 * 10**9, None, None]
    assert column.convert(batch_of(rows)).column(0).cast(pa.int64()).to_pylist() == expected
    assert column.convert(batch_of(rows[1:])).column(0).null_count == 2
    with pytest.raises(ValueError, match="rows without a symbol: name one time zone"):
        column.convert(batch_of([*rows, (0, 1, None)]))


def test_a_column_of_the_response_is_never_replaced() -> None:
    batch = batch_of([(0, 0, "A.XE")])
    schema = batch.append_column("timestamp", pa.array([1])).schema
    for options in ({}, {"order": "time"}, {"order": "time", "times": "documented"}):
        times = TimeOptions.of(("date", "time"), **options)  # type: ignore[arg-type]
        with pytest.raises(DecodeError, match="has a column 'timestamp' already"):
            times.for_schema(schema, is_documented=True)
        assert times.for_schema(schema, is_documented=False).schema(schema) == schema
    documented = TimeOptions.of(("date", "time"), times="documented").for_schema(schema, is_documented=True)
    assert documented.schema(schema) == schema


@pytest.mark.parametrize("tz", ["Europe/Berlim", {"XE": "Europe/Berlim"}, {}, 5, ""])
def test_an_unknown_zone_is_an_error(tz: object) -> None:
    with pytest.raises(ValueError, match="tz"):
        TimestampColumn.of(("date", "time"), tz)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"tz": "UTC"}, {"order": "time"}])
def test_options_that_need_a_timestamp_are_errors_without_one(options: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="date and a time of day"):
        TimeOptions.of(None, **options)  # type: ignore[arg-type]


@given(ROWS)
def test_sorting_is_stable_and_puts_nulls_last(rows: list[tuple[int | None, int | None, str]]) -> None:
    table = pa.Table.from_batches([COLUMN.convert(batch_of(rows))])
    values = table.column(0).cast(pa.int64()).to_pylist()
    expected = sorted(range(len(rows)), key=lambda at: (values[at] is None, values[at] or 0))
    assert sort_by_time(table).column("row").to_pylist() == expected


@given(st.lists(st.tuples(st.integers(0, 4), ROWS), max_size=6), st.booleans())
def test_merging_by_day_equals_sorting_everything(
    parts: list[tuple[int, list[tuple[int | None, int | None, str]]]], is_sorted: bool
) -> None:
    """Each part has rows of its day and of the two after it, since sessions can pass midnight."""
    if is_sorted:
        parts.sort(key=lambda part: part[0])
    batches = [
        COLUMN.convert(batch_of([(None if row_day is None else day, time, symbol) for row_day, time, symbol in rows]))
        for day, rows in parts
    ]
    requests = [Part("f", "f", (("day", EPOCH + dt.timedelta(day)),)) for day, _ in parts]
    merged = list(merge_by_day(enumerate(batches), requests, COLUMN))
    if not batches:
        assert merged == []
        return
    expected = sort_by_time(pa.Table.from_batches(batches))
    assert pa.Table.from_batches(merged).to_pylist() == expected.to_pylist()


def test_merging_holds_no_more_than_a_day() -> None:
    """The rows of a day leave as soon as the first part of the next one arrives."""
    days = range(5)
    parts = [Part("f", "f", (("day", EPOCH + dt.timedelta(day)), ("n", n))) for day in days for n in range(2)]
    taken = 0

    def batches():
        nonlocal taken
        for position, part in enumerate(parts):
            taken += 1
            day = (part.days()[0] - EPOCH).days
            yield position, COLUMN.convert(batch_of([(day, 10 - position, "A.XE")]))

    merged = merge_by_day(batches(), parts, COLUMN)
    for day in days:
        times = np.concatenate([next(merged).column(0).cast(pa.int64()).to_numpy()])
        assert (times // DAY == day).all()
        assert taken <= 2 * day + 3
