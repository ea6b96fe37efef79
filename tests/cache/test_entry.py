"""An entry reads as what was written, bit for bit, or not at all."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

import tickframe as tf
from tests.wire.comparison import batch_difference, outcome
from tests.wire.encodings import Canonical
from tests.wire.encodings import Response as Message
from tests.wire.strategies import LABELS, responses
from tickframe.cache.checksum import InvalidEntryError
from tickframe.cache.entry import Entry, write_entry
from tickframe.cache.key import Key, Window
from tickframe.errors import TickframeError
from tickframe.wire.frames import write_frame
from tickframe.wire.reader import Response, joined

KEY = Key("source=ACTIV", Window(), "0" * 32)
REQUEST = {"service": "https://example.com", "function": "tick_data", "symbol": "ZAL.XE"}
HOUR = 3600 * 10**9


def written(response: Response, key: Key = KEY) -> bytes:
    return bytes(write_entry(response, key, REQUEST, dt.datetime(2016, 5, 7, 12, tzinfo=dt.UTC), "0.1.0"))


def opened(content: bytes, key: Key = KEY) -> Entry:
    return Entry(pa.BufferReader(content), key)


@pytest.fixture(scope="module")
def day(client: tf.Client) -> Response:
    """Return a day of several row groups, in three frames."""
    table = client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES").to_arrow(times="documented")
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
    tables = [pa.Table.from_batches(each.batches).unify_dictionaries().combine_chunks() for each in (one, other)]
    return (
        tables[0].schema.equals(tables[1].schema, check_metadata=True)
        and tables[0].equals(tables[1])
        and (one.bytes, one.warning, one.meta) == (other.bytes, other.warning, other.meta)
    )


def test_an_entry_holds_everything_of_the_response(day: Response) -> None:
    read = opened(written(day)).read()
    assert same(day, read)
    assert (read.origin, read.attempts) == ("cache", 0)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(responses())
def test_whatever_can_be_decoded_is_stored_bit_for_bit_or_refused(message: Message) -> None:
    decoded = outcome(write_frame(Canonical().message(message)), LABELS)
    if isinstance(decoded, TickframeError):
        return
    response = joined(decoded, 1)
    try:
        content = written(response)
    except ValueError:
        return
    read = opened(content).read()
    assert len(read.batches) == 1
    assert batch_difference(read.batches[0], response.batches[0]) == ""
    assert (read.meta, read.warning) == (response.meta, response.warning)


def test_every_flipped_byte_is_detected(day: Response) -> None:
    """One bit of each byte of a small entry in turn."""
    small = replace(day, batches=(day.batches[0].slice(0, 200),), rows=200)
    content = bytearray(written(small))
    bits = random.Random(7)
    for at in range(len(content)):
        flip = 1 << bits.randrange(8)
        content[at] ^= flip
        with pytest.raises(InvalidEntryError):
            opened(bytes(content)).read()
        content[at] ^= flip
    assert same(small, opened(bytes(content)).read())


def test_a_flipped_byte_among_many_row_groups_is_detected(day: Response) -> None:
    """A sample of the bytes of a large entry, read completely and for a window, never yields wrong rows."""
    content = bytearray(written(replace(day, warning="", meta={})))
    whole = bytes(content)
    assert pq.read_metadata(pa.BufferReader(whole)).num_row_groups > 1
    window = Window(10 * HOUR, 11 * HOUR)
    right = opened(whole).read_window("time", window)
    assert right is not None
    places = random.Random(7)
    unharmed = 0
    for _ in range(150):
        at = places.randrange(len(content))
        content[at] ^= 1 << places.randrange(8)
        damaged = bytes(content)
        with pytest.raises(InvalidEntryError):
            opened(damaged).read()
        try:
            found = opened(damaged).read_window("time", window)
        except InvalidEntryError:
            pass
        else:
            # The damage is in a row group that the window does not need.
            assert found is not None
            assert same(found, right)
            unharmed += 1
        content[at] = whole[at]
    assert unharmed > 0


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_entry_is_invalid(day: Response, share: float) -> None:
    content = written(day)
    with pytest.raises(InvalidEntryError):
        opened(content[: int(len(content) * share)])


def test_a_file_without_checksums_is_invalid(day: Response) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_batches(day.batches), sink)
    for foreign in (bytes(sink.getvalue()), b"", b"PAR1", b"PAR1" * 100, b"not Parquet at all"):
        with pytest.raises(InvalidEntryError):
            opened(foreign)


def test_an_entry_of_a_newer_format_is_invalid(day: Response, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickframe.cache.provenance.FORMAT", 2)
    newer = written(day)
    monkeypatch.undo()
    with pytest.raises(InvalidEntryError, match="another version of the format"):
        opened(newer)


def test_an_entry_under_another_name_is_invalid(day: Response) -> None:
    for other in (replace(KEY, digest="1" * 32), replace(KEY, window=Window(HOUR, None))):
        with pytest.raises(InvalidEntryError, match="another request"):
            opened(written(day), other)


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
def test_a_window_holds_the_rows_in_it_with_dictionaries_of_their_own(
    day: Response, first: int | None, last: int | None
) -> None:
    rows = pa.Table.from_batches(day.batches).to_pandas()
    times = rows["time"].astype("int64")
    inside = rows[(times >= (first or 0)) & (times <= (last if last is not None else 2**62))]
    found = opened(written(day)).read_window("time", Window(first, last))
    assert found is not None
    table = pa.Table.from_batches(found.batches)
    assert table.to_pandas()["time"].tolist() == inside["time"].tolist()
    conditions = table["trade_condition"].combine_chunks()
    assert conditions.dictionary.to_pylist() == list(dict.fromkeys(conditions.to_pylist()))


def test_a_window_without_rows_is_none(day: Response) -> None:
    assert opened(written(day)).read_window("time", Window(0, HOUR)) is None
