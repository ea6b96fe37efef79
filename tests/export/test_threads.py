"""Writing in threads: the same dataset, bounded memory, errors in order, and complete files after an interrupt."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from tests.export.test_writer import files_in
from tickframe.catalogue import FUNCTIONS
from tickframe.export import Dataset, Export, Record, open_dataset
from tickframe.plan.part import Part
from tickframe.plan.plan import Options, Plan
from tickframe.run.fetch import Fetched
from tickframe.timestamps import TimeOptions
from tickframe.wire.batch import documented_schema
from tickframe.wire.reader import Response

PLAN = Plan.of(
    FUNCTIONS["tick_data"],
    {"source": "S", "data_type": "TRADES", "symbol": "A.X", "day": ("2016-05-02", "2016-05-13")},
    Options(),
)
SCHEMA = documented_schema(PLAN.columns)


def dataset(folder: Path) -> Dataset:
    times = TimeOptions.of(PLAN.timestamp)
    return open_dataset(folder, PLAN, "s", partition_by=("symbol", "date"), times=times, write_options=None)


def responses(before: Callable[[int], None] = lambda _: None) -> Iterator[Fetched]:
    """Yield a row for each day."""
    for position, part in enumerate(PLAN.parts):
        before(position)
        day = dict(part.parameters)["day"]
        row = {"symbol": "A.X", "date": day, "time": dt.timedelta(hours=9), "trade": 1.0, "trade_size": 1}
        batch = pa.RecordBatch.from_pylist([row], SCHEMA)
        yield Fetched(position, part, Response((batch,), rows=1, bytes=100))


def export(folder: Path, threads: int, before: Callable[[int], None] = lambda _: None) -> list[Record]:
    opened = dataset(folder)
    loop = Export(opened, PLAN.parts, opened.begin(PLAN.parts, "skip"), threads)
    missing = {part: at for at, part in enumerate(loop.missing)}
    fetched = (one._replace(position=missing[one.part]) for one in responses(before) if one.part in missing)
    records = loop.write(fetched)
    opened.finish(records, SCHEMA)
    return records


def test_threads_write_the_dataset_of_one_thread(tmp_path: Path) -> None:
    in_order = [export(tmp_path / str(threads), threads) for threads in (1, 2, 5)]
    assert in_order[0] == in_order[1] == in_order[2]
    assert [record.request for record in in_order[0]] == [str(part) for part in PLAN.parts]
    assert files_in(tmp_path / "1") == files_in(tmp_path / "2") == files_in(tmp_path / "5")


def test_one_thread_or_one_part_starts_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    seen = []
    export(tmp_path / "x", 1, lambda _: seen.append(threading.active_count()))
    opened = dataset(tmp_path / "one")
    loop = Export(opened, PLAN.parts[:1], {}, 8)
    opened.begin(PLAN.parts[:1], "skip")
    loop.write(next(responses()) for _ in range(1))
    assert {*seen, threading.active_count()} == {before}


@pytest.mark.parametrize("threads", [2, 3])
def test_no_more_parts_wait_than_there_are_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    """A writer that is stuck stops the loop from taking more responses."""
    release = threading.Event()
    write = Dataset.write

    def stuck(self: Dataset, part: Part, batches: list[pa.RecordBatch]) -> Record:
        assert release.wait(20)
        return write(self, part, batches)

    monkeypatch.setattr(Dataset, "write", stuck)
    taken = []

    def take(position: int) -> None:
        taken.append(position)
        if position == threads:
            # One more than threads: the loop now waits for the first part.
            threading.Timer(0.2, release.set).start()
        assert position <= threads or release.is_set()

    assert len(export(tmp_path, threads, take)) == len(PLAN.parts)
    assert taken == list(range(len(PLAN.parts)))


@pytest.mark.parametrize("threads", [1, 3])
def test_the_first_error_in_order_is_raised_and_complete_parts_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    write = Dataset.write

    def failing(self: Dataset, part: Part, batches: list[pa.RecordBatch]) -> Record:
        at = PLAN.parts.index(part)
        if at in (4, 5):
            raise OSError(f"disk full at {at}")
        return write(self, part, batches)

    with monkeypatch.context() as patch:
        patch.setattr(Dataset, "write", failing)
        with pytest.raises(OSError, match="disk full at 4"):
            export(tmp_path / "x", threads)
    present = {file for file in files_in(tmp_path / "x") if file.endswith(".parquet")}
    assert len(present) >= 4
    assert not (tmp_path / "x" / "_tickframe" / "manifest.json").exists()
    fetched = []
    export(tmp_path / "x", threads, fetched.append)
    export(tmp_path / "alone", 1)
    assert files_in(tmp_path / "x") == files_in(tmp_path / "alone")


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("at", [0, 1, 5, 11])
def test_an_interrupt_leaves_complete_files_and_a_rerun_the_same_dataset(tmp_path: Path, threads: int, at: int) -> None:
    def interrupt(position: int) -> None:
        if position == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(tmp_path / "x", threads, interrupt)
    left = files_in(tmp_path / "x")
    assert len([name for name in left if name.endswith(".parquet")]) == at
    assert len([name for name in left if "/parts/" in name]) == at
    assert not any(thread.name.startswith("tickframe-write") for thread in threading.enumerate())
    export(tmp_path / "x", threads)
    export(tmp_path / "alone", 1)
    assert files_in(tmp_path / "x") == files_in(tmp_path / "alone")
