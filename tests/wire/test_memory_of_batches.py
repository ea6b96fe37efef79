"""Batches own their memory: they stay valid after their source has changed."""

from __future__ import annotations

import gc
import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wire.comparison import batch_difference, outcome
from tests.wire.encodings import DOUBLES, INTEGERS, KERNEL_LISTS, STRINGS, Canonical, Column, Response
from tests.wire.odd_encodings import Odd
from tests.wire.strategies import LABELS, responses
from tickframe.errors import TickframeError
from tickframe.wire.frames import write_frame
from tickframe.wire.reader import read_batches

FRAME = write_frame(
    Canonical().message(
        Response(
            [
                Column("label", STRINGS, ["XETRA", "A", "a long enough label", "A"] * 50),
                *(Column(f"c{number}", number, [1] * 200) for number in KERNEL_LISTS - {STRINGS, DOUBLES}),
                Column("text", STRINGS, ["größe", "", "b", "a string of more than sixteen bytes"] * 50),
                Column("price", DOUBLES, [1.5, float("nan"), -0.0, 2.5] * 50),
            ]
        )
    )
)


def test_a_batch_stays_valid_after_its_bytearray_is_overwritten_and_resized(engine: str) -> None:
    """Nor is a view left: a bytearray with a view cannot be resized."""
    source = bytearray(FRAME)
    [batch] = read_batches(source, LABELS)
    source[:] = b"\xff" * len(source)
    source.clear()
    gc.collect()
    [expected] = read_batches(FRAME, LABELS)
    assert batch_difference(batch, expected) == "", engine


def test_a_batch_stays_valid_after_its_bytes_are_freed(engine: str) -> None:
    source = bytes(bytearray(FRAME))
    [batch] = read_batches(source, LABELS)
    del source
    gc.collect()
    others = [bytes([0xFF]) * len(FRAME) for _ in range(50)]
    [expected] = read_batches(FRAME, LABELS)
    assert batch_difference(batch, expected) == "", (engine, len(others))


def test_a_batch_stays_valid_after_its_file_is_closed(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "response.bin"
    path.write_bytes(FRAME)
    with path.open("rb") as source:
        [batch] = read_batches(source, LABELS)
    path.write_bytes(b"\xff" * len(FRAME))
    [expected] = read_batches(FRAME, LABELS)
    assert batch_difference(batch, expected) == "", engine


def test_a_batch_stays_valid_after_its_file_is_unmapped(engine: str, tmp_path: Path) -> None:
    """Nor is a view left: a map with a view cannot be closed."""
    path = tmp_path / "response.bin"
    path.write_bytes(FRAME)
    with path.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        view = memoryview(mapped)
        [batch] = read_batches(view, LABELS)
        view.release()
    [expected] = read_batches(FRAME, LABELS)
    assert batch_difference(batch, expected) == "", engine


class OneBuffer:
    """A file that keeps the buffers that it filled."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0
        self.filled: list[memoryview] = []

    def readinto(self, buffer: memoryview) -> int:
        few = self.content[self.at : self.at + min(len(buffer), 100)]
        buffer[: len(few)] = few
        self.at += len(few)
        self.filled.append(buffer)
        return len(few)


def test_a_batch_stays_valid_after_the_readers_buffer_is_overwritten(engine: str) -> None:
    source = OneBuffer(FRAME)
    [batch] = read_batches(source, LABELS)
    for view in source.filled:
        if not view.readonly:
            view[:] = b"\xff" * len(view)
    [expected] = read_batches(FRAME, LABELS)
    assert batch_difference(batch, expected) == "", engine


def test_a_batch_is_not_changed_by_the_next(engine: str) -> None:
    other = Canonical().message(Response([Column("c", INTEGERS, [2] * 500)]))
    batches = list(read_batches(FRAME + write_frame(other) + FRAME, LABELS))
    [expected] = read_batches(FRAME, LABELS)
    assert batch_difference(batches[0], expected) == "", engine
    assert batch_difference(batches[2], expected) == "", engine


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(responses(), st.randoms(use_true_random=False), st.sampled_from([0.0, 0.1]))
def test_no_list_type_keeps_a_view_of_the_source(response: Response, random: Any, oddity: float) -> None:
    source = bytearray(write_frame(Odd(random, oddity).message(response)))
    decoded = outcome(bytes(source), LABELS)
    ours = outcome(source, LABELS)
    if isinstance(ours, TickframeError) or isinstance(decoded, TickframeError):
        return
    source[:] = b"\xff" * len(source)
    source.clear()
    assert batch_difference(ours[0].batches[0], decoded[0].batches[0]) == ""


@pytest.mark.parametrize("shift", range(9))
@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_bytes_may_have_any_alignment(engine: str, shift: int, wrap: Callable[[bytes], Any]) -> None:
    moved = memoryview(wrap(bytes(shift) + FRAME))[shift:]
    [batch] = read_batches(moved, LABELS)
    [expected] = read_batches(FRAME, LABELS)
    assert batch_difference(batch, expected) == "", engine
    assert batch.column("price").buffers()[1].address % 8 == 0
