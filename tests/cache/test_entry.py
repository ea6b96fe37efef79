"""An entry reads as what was written, bit for bit, or not at all."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

import tickframe as tf
from tests.wire.comparison import batch_difference, outcome
from tests.wire.encodings import Answer as Message
from tests.wire.encodings import Canonical
from tests.wire.strategies import LABELS, answers
from tickframe.cache.checksum import InvalidEntryError
from tickframe.cache.entry import read_answer, read_window, write_answer
from tickframe.cache.key import Key, Window
from tickframe.errors import TickframeError
from tickframe.wire.frames import write_frame
from tickframe.wire.reader import Response, joined

KEY = Key("source=ACTIV", Window(), "0" * 32)
REQUEST = {"service": "https://example.com", "function": "tick_data", "symbol": "ZAL.XE"}
HOUR = 3600 * 10**9


def written(answer: Response, key: Key = KEY) -> bytes:
    return bytes(write_answer(answer, key, REQUEST, "2016-05-07T12:00:00+00:00", "0.1.0"))


@pytest.fixture(scope="module")
def day(client: tf.Client) -> Response:
    """Return a day of several row groups, in three frames."""
    table = client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES").to_arrow()
    batch = pa.concat_tables([table] * 20).unify_dictionaries().combine_chunks().sort_by("time").to_batches()[0]
    third = batch.num_rows // 3
    frames = (batch.slice(0, third), batch.slice(third, third), batch.slice(2 * third))
    return Response(
        frames,
        rows=sum(frame.num_rows for frame in frames),
        bytes=1_234_567,
        warning="late",
        meta={"total_hits": 3, "note": ["a", 1.5]},
    )


def same(one: Response, other: Response) -> bool:
    tables = [pa.Table.from_batches(answer.batches).unify_dictionaries().combine_chunks() for answer in (one, other)]
    return (
        tables[0].schema.equals(tables[1].schema, check_metadata=True)
        and tables[0].equals(tables[1])
        and (one.bytes, one.warning, one.meta) == (other.bytes, other.warning, other.meta)
    )


def test_an_entry_holds_all_that_the_answer_held(day: Response) -> None:
    read = read_answer(pa.py_buffer(written(day)), KEY)
    assert same(day, read)
    assert (read.origin, read.attempts) == ("cache", 0)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(answers())
def test_whatever_can_be_decoded_is_stored_bit_for_bit_or_refused(message: Message) -> None:
    decoded = outcome(write_frame(Canonical().message(message)), LABELS)
    if isinstance(decoded, TickframeError):
        return
    answer = joined(decoded, 1)
    try:
        entry = written(answer)
    except ValueError:
        return
    read = read_answer(pa.py_buffer(entry), KEY)
    assert len(read.batches) == 1
    assert batch_difference(read.batches[0], answer.batches[0]) == ""
    assert (read.meta, read.warning) == (answer.meta, answer.warning)


def test_every_flipped_byte_is_noticed(day: Response) -> None:
    """All bytes of a small entry in turn, one bit of each."""
    small = replace(day, batches=(day.batches[0].slice(0, 200),), rows=200)
    entry = bytearray(written(small))
    bits = random.Random(7)
    for at in range(len(entry)):
        flip = 1 << bits.randrange(8)
        entry[at] ^= flip
        with pytest.raises(InvalidEntryError):
            read_answer(pa.py_buffer(bytes(entry)), KEY)
        entry[at] ^= flip
    assert same(small, read_answer(pa.py_buffer(bytes(entry)), KEY))


def test_a_flipped_byte_among_many_row_groups_is_noticed(day: Response) -> None:
    """A sample of the bytes of a large entry, read whole and for a window: wrong rows never come out."""
    entry = bytearray(written(replace(day, warning="", meta={})))
    whole = bytes(entry)
    assert pq.read_metadata(pa.BufferReader(whole)).num_row_groups > 1
    window = Window(10 * HOUR, 11 * HOUR)
    right = read_window(pa.BufferReader(whole), KEY, "time", window)
    assert right is not None
    random_places = random.Random(7)
    unharmed = 0
    for _ in range(150):
        at = random_places.randrange(len(entry))
        entry[at] ^= 1 << random_places.randrange(8)
        damaged = bytes(entry)
        with pytest.raises(InvalidEntryError):
            read_answer(pa.py_buffer(damaged), KEY)
        try:
            found = read_window(pa.BufferReader(damaged), KEY, "time", window)
        except InvalidEntryError:
            pass
        else:
            # The damage is in a row group that the window does not need.
            assert found is not None
            assert same(found, right)
            unharmed += 1
        entry[at] = whole[at]
    assert unharmed > 0


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_entry_is_none(day: Response, share: float) -> None:
    entry = written(day)
    with pytest.raises(InvalidEntryError):
        read_answer(pa.py_buffer(entry[: int(len(entry) * share)]), KEY)


def test_a_foreign_file_is_no_entry(day: Response) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_batches(day.batches), sink)
    for foreign in (bytes(sink.getvalue()), b"", b"PAR1", b"PAR1" * 100, b"not Parquet at all"):
        with pytest.raises(InvalidEntryError):
            read_answer(pa.py_buffer(foreign), KEY)


def test_an_entry_of_a_newer_format_is_none(day: Response, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickframe.cache.entry.FORMAT", 2)
    newer = written(day)
    monkeypatch.undo()
    with pytest.raises(InvalidEntryError, match="another version of the format"):
        read_answer(pa.py_buffer(newer), KEY)


def test_an_entry_under_another_name_answers_nothing(day: Response) -> None:
    for other in (replace(KEY, digest="1" * 32), replace(KEY, window=Window(HOUR, None))):
        with pytest.raises(InvalidEntryError, match="another request"):
            read_answer(pa.py_buffer(written(day)), other)


def test_other_readers_see_the_rows(day: Response, tmp_path: Path) -> None:
    file = tmp_path / "entry.parquet"
    file.write_bytes(written(day))
    rows = sum(batch.num_rows for batch in day.batches)
    assert duckdb.read_parquet(str(file)).aggregate("count(*), count(trade)").fetchall() == [(rows, rows)]
    assert pl.read_parquet(file).height == rows
    assert pq.ParquetFile(file).read(use_threads=False).num_rows == rows
    assert len(pd.read_parquet(file)) == rows


@pytest.mark.parametrize(
    ("first", "last"),
    [(10 * HOUR, 11 * HOUR), (None, 10 * HOUR), (16 * HOUR, None), (0, 24 * HOUR), (32_400_000_000_001, 10 * HOUR)],
)
def test_a_window_holds_the_rows_in_it_with_labels_of_their_own(
    day: Response, first: int | None, last: int | None
) -> None:
    quiet = replace(day, warning="", meta={})
    rows = pa.Table.from_batches(quiet.batches).to_pandas()
    times = rows["time"].astype("int64")
    inside = rows[(times >= (first or 0)) & (times <= (last if last is not None else 2**62))]
    found = read_window(pa.BufferReader(written(quiet)), KEY, "time", Window(first, last))
    assert found is not None
    table = pa.Table.from_batches(found.batches)
    assert table.to_pandas()["time"].tolist() == inside["time"].tolist()
    conditions = table["trade_condition"].combine_chunks()
    assert conditions.dictionary.to_pylist() == list(dict.fromkeys(conditions.to_pylist()))


@pytest.mark.parametrize("beside", [{"warning": "a symbol was renamed"}, {"meta": {"conditions": "XT"}}])
def test_no_window_is_cut_out_of_an_answer_that_was_remarked_on(day: Response, beside: dict[str, Any]) -> None:
    remarked = replace(day, **{"warning": "", "meta": {}, **beside})
    assert read_window(pa.BufferReader(written(remarked)), KEY, "time", Window(10 * HOUR, None)) is None


def test_no_window_is_cut_out_of_rows_without_a_time(day: Response) -> None:
    """Whether they belong to a window only the service knows, also where they are in another row group."""
    batch = day.batches[2]
    times = batch.column("time").to_pylist()[:-1]
    timed = batch.set_column(
        batch.schema.get_field_index("time"), batch.schema.field("time"), pa.array([*times, None], pa.duration("ns"))
    )
    entry = written(replace(day, batches=(*day.batches[:2], timed), warning="", meta={}))
    assert read_window(pa.BufferReader(entry), KEY, "time", Window(None, 10 * HOUR)) is None


def test_an_empty_window_is_left_to_the_service(day: Response) -> None:
    """The service may say that there is nothing, and why."""
    quiet = replace(day, warning="", meta={})
    assert read_window(pa.BufferReader(written(quiet)), KEY, "time", Window(0, HOUR)) is None
