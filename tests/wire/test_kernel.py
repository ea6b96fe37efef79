"""The compiled kernel by itself, with memory that does not fit: it refuses, and writes nowhere else."""

from __future__ import annotations

import struct
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.encodings import DAYS, INTEGERS, STRINGS, Canonical
from tests.wire.strategies import NULL_INT32, NULL_INT64, TEXT, every_width
from tickframe.wire import reader

pytestmark = pytest.mark.skipif(reader.kernel is None, reason="there is no compiled kernel")

UNTOUCHED = 0xAA
MARGIN = 64
NUMBERS = [0, 1, 127, 128, 2**31, 2**56 - 1, 2**56, 2**63 - 1, -1, NULL_INT64]
WORDS = ["", "A", "sevenby", "fifteen bytes!!", "sixteen bytes!!!", "größe", "A"]


@pytest.fixture
def kernel() -> ModuleType:
    assert reader.kernel is not None
    return reader.kernel


class Memory:
    """A buffer of a size, with margins that nobody may touch."""

    def __init__(self, size: int, shift: int = 0) -> None:
        self.all = np.full(size + 2 * MARGIN + shift, UNTOUCHED, np.uint8)
        self.start, self.stop = MARGIN + shift, MARGIN + shift + size
        self.view = self.all.data[self.start : self.stop]

    def margins_untouched(self) -> bool:
        return bool((self.all[: self.start] == UNTOUCHED).all() and (self.all[self.stop :] == UNTOUCHED).all())

    def untouched(self) -> bool:
        return bool((self.all == UNTOUCHED).all())


def varints(numbers: list[int]) -> bytes:
    return b"".join(Canonical().scalar(INTEGERS, number) for number in numbers)


def strings(words: list[str]) -> bytes:
    return b"".join(Canonical().list_fields(STRINGS, words))


def int64s(kernel: ModuleType, packed: bytes, values: Any) -> int:
    return kernel.read_int64s(packed, values, NULL_INT64)


def int32s(kernel: ModuleType, packed: bytes, values: Any) -> int:
    return kernel.read_int32s(packed, values, NULL_INT32)


def doubles(kernel: ModuleType, packed: bytes, values: Any) -> int:
    return kernel.read_doubles(packed, values)


def booleans(kernel: ModuleType, packed: bytes, values: Any) -> int:
    return kernel.read_booleans(packed, values)


def labels(kernel: ModuleType, packed: bytes, values: Any) -> int:
    return -1 if kernel.read_labels(packed, values) is None else 0


READERS = [
    pytest.param(int64s, varints(NUMBERS * 20), 8, len(NUMBERS) * 20, id="int64s"),
    pytest.param(int64s, varints([1] * 200), 8, 200, id="short int64s"),
    pytest.param(int32s, varints([1, -1, NULL_INT32] * 30), 4, 90, id="int32s"),
    pytest.param(doubles, struct.pack("<5d", 0.0, -0.0, float("nan"), 1.5, 5e-324), 8, 5, id="doubles"),
    pytest.param(booleans, b"\x00\x01" * 33, 1, 9, id="booleans"),
    pytest.param(labels, strings(WORDS * 9), 4, len(WORDS) * 9, id="labels"),
]


@pytest.mark.parametrize(("read", "packed", "width", "count"), READERS)
def test_readers_refuse_outputs_of_another_size(
    kernel: ModuleType, read: Callable[..., int], packed: bytes, width: int, count: int
) -> None:
    """Each size but the right one is -1, or an error where it holds no whole elements."""
    for size in {0, width, (count - 1) * width, (count + 1) * width, 2 * count * width}:
        memory = Memory(size)
        assert read(kernel, packed, memory.view) == -1
        assert memory.margins_untouched()
    memory = Memory(count * width)
    assert read(kernel, packed, memory.view) >= 0
    assert memory.margins_untouched()
    if width > 1:
        for wrong in (Memory(count * width + 1), Memory(count * width, shift=1), Memory(count * width, shift=2)):
            if wrong.start % width or len(wrong.view) % width:
                with pytest.raises(ValueError, match="whole elements"):
                    read(kernel, packed, wrong.view)
                assert wrong.untouched()


@pytest.mark.parametrize(("read", "packed", "width", "count"), READERS)
def test_readers_stay_within_a_span_that_is_cut(
    kernel: ModuleType, read: Callable[..., int], packed: bytes, width: int, count: int
) -> None:
    """Every beginning of a run, in memory of just its size, is -1 for the count of the whole run."""
    for size in range(len(packed)):
        memory = Memory(count * width)
        # A copy of its own, so that a sanitizer sees a read beyond it.
        assert read(kernel, np.frombuffer(packed[:size], np.uint8).copy(), memory.view) in (
            (-1,) if width > 1 or size <= len(packed) - 8 else (-1, 0)
        )
        assert memory.margins_untouched()


@pytest.mark.parametrize(("read", "packed", "width", "count"), READERS)
def test_readers_refuse_memory_that_they_would_change_while_they_read(
    kernel: ModuleType, read: Callable[..., int], packed: bytes, width: int, count: int
) -> None:
    """A buffer to fill must not be the one to read, nor one that nobody may write."""
    shared = np.frombuffer(packed.ljust(count * width + 8, b"\0"), np.uint8).copy()
    with pytest.raises(ValueError, match="shares memory"):
        read(kernel, shared[: len(packed)], shared[: count * width])
    with pytest.raises((TypeError, BufferError, ValueError)):
        read(kernel, packed, bytes(count * width))


@pytest.mark.parametrize("read", [int64s, int32s, doubles, booleans, labels])
def test_an_empty_span_holds_nothing(kernel: ModuleType, read: Callable[..., int]) -> None:
    assert read(kernel, b"", bytearray()) == 0
    assert kernel.count_varints(b"") == 0
    assert kernel.count_strings(b"") == (0, 0)
    assert kernel.read_strings(b"", np.zeros(1, np.int32), bytearray()) == 0
    assert kernel.read_strings(b"", np.zeros(0, np.int32), bytearray()) == -1


def test_strings_fit_offsets_and_data_or_are_refused(kernel: ModuleType) -> None:
    """Every pair of sizes around the right one, and margins untouched."""
    repeated = strings(WORDS)
    count, size = kernel.count_strings(repeated)
    assert (count, size) == (len(WORDS), sum(len(word.encode()) for word in WORDS))
    for items in (0, 1, count - 1, count, count + 1):
        for room in (0, 1, size - 1, size, size + 1, size + 32):
            offsets, data = Memory(4 * (items + 1)), Memory(room)
            done = kernel.read_strings(repeated, offsets.view, data.view)
            assert done == (0 if (items, room) == (count, size) else -1)
            assert offsets.margins_untouched()
            assert data.margins_untouched()


def test_strings_refuse_shared_and_misaligned_memory(kernel: ModuleType) -> None:
    repeated = np.frombuffer(strings(WORDS), np.uint8).copy()
    offsets = np.zeros(len(WORDS) + 1, np.int32)
    with pytest.raises(ValueError, match="shares memory"):
        kernel.read_strings(repeated, offsets, repeated)
    with pytest.raises(ValueError, match="shares memory"):
        kernel.read_strings(repeated, offsets, offsets.view(np.uint8)[:4])
    with pytest.raises(ValueError, match="whole elements"):
        kernel.read_strings(repeated, Memory(offsets.nbytes, shift=2).view, bytearray(64))


MARKERS = [
    pytest.param("mark_valid_int64s", np.int64, (NULL_INT64,), id="int64s"),
    pytest.param("mark_valid_int32s", np.int32, (NULL_INT32,), id="int32s"),
    pytest.param("mark_valid_doubles", np.float64, (), id="doubles"),
]


@pytest.mark.parametrize(("name", "dtype", "null"), MARKERS)
def test_bitmaps_have_a_bit_for_each_value(
    kernel: ModuleType, name: str, dtype: type[np.generic], null: tuple[int, ...]
) -> None:
    mark = getattr(kernel, name)
    for count in (0, 1, 7, 8, 9, 64, 65):
        values = np.zeros(count, dtype)
        values[::3] = null[0] if null else np.nan
        bits = Memory((count + 7) // 8)
        mark(values, *null, bits.view)
        expected = np.packbits(np.arange(count) % 3 != 0, bitorder="little")
        assert bytes(bits.view) == expected.tobytes()
        assert bits.margins_untouched()
        for wrong in {0, len(expected) - 1, len(expected) + 1} - {-1, len(expected)}:
            with pytest.raises(ValueError, match="a bit for each"):
                mark(values, *null, bytearray(wrong))
    with pytest.raises(ValueError, match="whole elements"):
        mark(Memory(16, shift=1).view, *null, bytearray(2))
    with pytest.raises(ValueError, match="shares memory"):
        mark(values, *null, values.view(np.uint8)[:9])


@settings(max_examples=200, deadline=None)
@given(st.lists(every_width(64)), st.lists(every_width(32)))
def test_varints_are_written_as_they_are_read(wide: list[int], narrow: list[int]) -> None:
    kernel = reader.kernel
    assert kernel is not None
    for numbers, width, dtype, list_number in ((wide, 8, np.int64, INTEGERS), (narrow, 4, np.int32, DAYS)):
        expected = b"".join(Canonical().scalar(list_number, number) for number in numbers)
        values = np.array(numbers, dtype)
        assert kernel.size_of_varints(values, width) == len(expected)
        out = Memory(len(expected))
        kernel.write_varints(values, width, out.view)
        assert bytes(out.view) == expected
        assert out.margins_untouched()
        for wrong in {max(0, len(expected) - 1), len(expected) + 1, 0} - {len(expected)}:
            out = Memory(wrong)
            with pytest.raises(ValueError, match="room"):
                kernel.write_varints(values, width, out.view)
            assert out.margins_untouched()


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXT, min_size=1))
def test_strings_and_labels_are_written_as_they_are_read(words: list[str]) -> None:
    kernel = reader.kernel
    assert kernel is not None
    few = list(dict.fromkeys(words))
    codes = np.array([few.index(word) for word in words], np.int32)
    expected = strings(words)
    for texts, before in ((words, ()), (few, (codes,))):
        offsets = np.cumsum([0, *(len(text.encode()) for text in texts)], dtype=np.int32)
        data = "".join(texts).encode()
        size, write = (
            (kernel.size_of_labels, kernel.write_labels) if before else (kernel.size_of_strings, kernel.write_strings)
        )
        assert size(*before, offsets, len(data)) == len(expected)
        out = Memory(len(expected))
        write(*before, offsets, data, out.view)
        assert bytes(out.view) == expected
        assert out.margins_untouched()
        for wrong in (len(expected) - 1, len(expected) + 1, 0):
            out = Memory(wrong)
            with pytest.raises(ValueError, match="room"):
                write(*before, offsets, data, out.view)
            assert out.margins_untouched()


@pytest.mark.parametrize("offsets", [[0, 9], [-1, 2], [2, 1], [0, 2**31 - 1], [-(2**31), 2**31 - 1]])
def test_writers_refuse_offsets_outside_their_data(kernel: ModuleType, offsets: list[int]) -> None:
    wrong, codes = np.array(offsets, np.int32), np.zeros(1, np.int32)
    assert kernel.size_of_strings(wrong, 8) == -1
    assert kernel.size_of_labels(codes, wrong, 8) == -1
    with pytest.raises(ValueError, match="room"):
        kernel.write_strings(wrong, b"12345678", bytearray(11))
    with pytest.raises(ValueError, match="room"):
        kernel.write_labels(codes, wrong, b"12345678", bytearray(11))


@pytest.mark.parametrize("code", [-1, 1, 2**31 - 1, -(2**31)])
def test_writers_refuse_codes_without_a_label(kernel: ModuleType, code: int) -> None:
    codes, offsets = np.array([code], np.int32), np.array([0, 1], np.int32)
    assert kernel.size_of_labels(codes, offsets, 1) == -1
    with pytest.raises(ValueError, match="room"):
        kernel.write_labels(codes, offsets, b"a", bytearray(3))


def test_writers_refuse_memory_that_is_not_fit_for_them(kernel: ModuleType) -> None:
    """Misaligned or shared memory, a width that no integer has, a size below zero."""
    odd, offsets, codes = Memory(8, shift=1).view, np.array([0, 1], np.int32), np.zeros(1, np.int32)
    for refused in (
        lambda: kernel.size_of_varints(odd, 8),
        lambda: kernel.size_of_varints(bytes(8), 3),
        lambda: kernel.size_of_varints(bytes(6), 4),
        lambda: kernel.size_of_strings(odd, 1),
        lambda: kernel.size_of_strings(offsets, -1),
        lambda: kernel.size_of_labels(codes, offsets, -1),
        lambda: kernel.size_of_labels(codes, odd, 1),
        lambda: kernel.size_of_labels(odd, offsets, 1),
        lambda: kernel.write_varints(odd, 4, bytearray(2)),
        lambda: kernel.write_varints(bytes(8), 0, bytearray(1)),
        lambda: kernel.write_varints(codes, 4, codes.view(np.uint8)[:1]),
        lambda: kernel.write_strings(odd, b"a", bytearray(3)),
        lambda: kernel.write_strings(offsets, b"a", offsets.view(np.uint8)[:3]),
        lambda: kernel.write_labels(codes, offsets, b"a", codes.view(np.uint8)[:3]),
    ):
        with pytest.raises(ValueError, match=r"whole elements|shares memory|wide|not negative"):
            refused()
