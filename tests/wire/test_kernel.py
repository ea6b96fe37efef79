"""The compiled kernel by itself: it refuses memory that does not fit, and never writes outside of it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.injection import ending
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
    """A buffer with margins that must not be written to."""

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
    return kernel.read_varints(packed, values, 8, NULL_INT64)


def int32s(kernel: ModuleType, packed: bytes, values: Any) -> int:
    return kernel.read_varints(packed, values, 4, NULL_INT32)


def doubles(kernel: ModuleType, packed: bytes, values: Any) -> int:
    return kernel.read_doubles(packed, values)


def labels(kernel: ModuleType, packed: bytes, values: Any) -> int:
    return -1 if kernel.read_labels(packed, values) is None else 0


READERS = [
    pytest.param(int64s, varints(NUMBERS * 20), 8, len(NUMBERS) * 20, id="int64s"),
    pytest.param(int64s, varints([1] * 200), 8, 200, id="short int64s"),
    pytest.param(int32s, varints([1, -1, NULL_INT32] * 30), 4, 90, id="int32s"),
    pytest.param(doubles, struct.pack("<5d", 0.0, -0.0, float("nan"), 1.5, 5e-324), 8, 5, id="doubles"),
    pytest.param(labels, strings(WORDS * 9), 4, len(WORDS) * 9, id="labels"),
]


@pytest.mark.parametrize(("read", "packed", "width", "count"), READERS)
def test_readers_refuse_outputs_of_another_size(
    kernel: ModuleType, read: Callable[..., int], packed: bytes, width: int, count: int
) -> None:
    """Every size but the right one is -1, or an error if it does not hold whole elements."""
    for size in {0, width, (count - 1) * width, (count + 1) * width, 2 * count * width}:
        memory = Memory(size)
        assert read(kernel, packed, memory.view) == -1
        assert memory.margins_untouched()
    memory = Memory(count * width)
    assert read(kernel, packed, memory.view) >= 0
    assert memory.margins_untouched()
    for wrong in (Memory(count * width + 1), Memory(count * width, shift=1), Memory(count * width, shift=2)):
        with pytest.raises(ValueError, match="whole elements"):
            read(kernel, packed, wrong.view)
        assert wrong.untouched()


@pytest.mark.parametrize(("read", "packed", "width", "count"), READERS)
def test_readers_stay_within_truncated_input(
    kernel: ModuleType, read: Callable[..., int], packed: bytes, width: int, count: int
) -> None:
    """Every beginning of the bytes, in memory of just its size, is -1 for the count of all of them."""
    for size in range(len(packed)):
        memory = Memory(count * width)
        # In a copy of its own, so that a sanitizer sees a read beyond it.
        assert read(kernel, np.frombuffer(packed[:size], np.uint8).copy(), memory.view) == -1
        assert memory.margins_untouched()


@pytest.mark.parametrize(("read", "packed", "width", "count"), READERS)
def test_readers_refuse_output_that_overlaps_the_input_or_is_read_only(
    kernel: ModuleType, read: Callable[..., int], packed: bytes, width: int, count: int
) -> None:
    shared = np.frombuffer(packed.ljust(count * width + 8, b"\0"), np.uint8).copy()
    with pytest.raises(ValueError, match="shares memory"):
        read(kernel, shared[: len(packed)], shared[: count * width])
    with pytest.raises((TypeError, BufferError, ValueError)):
        read(kernel, packed, bytes(count * width))


@pytest.mark.parametrize("read", [int64s, int32s, doubles, labels])
def test_no_bytes_hold_no_values(kernel: ModuleType, read: Callable[..., int]) -> None:
    assert read(kernel, b"", bytearray()) == 0
    assert kernel.count_varints(b"") == 0
    assert kernel.count_strings(b"") == (0, 0)
    assert kernel.read_strings(b"", np.zeros(1, np.int32), bytearray()) == 0
    assert kernel.read_strings(b"", np.zeros(0, np.int32), bytearray()) == -1


def test_strings_need_offsets_and_data_of_their_exact_size(kernel: ModuleType) -> None:
    repeated = strings(WORDS)
    count, size = kernel.count_strings(repeated)
    assert (count, size) == (len(WORDS), sum(len(word.encode()) for word in WORDS))
    for items in (0, 1, count - 1, count, count + 1):
        for capacity in (0, 1, size - 1, size, size + 1, size + 32):
            offsets, data = Memory(4 * (items + 1)), Memory(capacity)
            status = kernel.read_strings(repeated, offsets.view, data.view)
            assert status == (0 if (items, capacity) == (count, size) else -1)
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
            with pytest.raises(ValueError, match="exactly"):
                kernel.write_varints(values, width, out.view)
            assert out.margins_untouched()


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXT, min_size=1))
def test_strings_and_labels_are_written_as_they_are_read(words: list[str]) -> None:
    kernel = reader.kernel
    assert kernel is not None
    distinct = list(dict.fromkeys(words))
    expected = strings(words)
    for texts, codes in ((words, None), (distinct, np.array([distinct.index(word) for word in words], np.int32))):
        offsets = np.cumsum([0, *(len(text.encode()) for text in texts)], dtype=np.int32)
        data = "".join(texts).encode()
        assert kernel.size_of_strings(codes, offsets, len(data)) == len(expected)
        out = Memory(len(expected))
        kernel.write_strings(codes, offsets, data, out.view)
        assert bytes(out.view) == expected
        assert out.margins_untouched()
        for wrong in (len(expected) - 1, len(expected) + 1, 0):
            out = Memory(wrong)
            with pytest.raises(ValueError, match="exactly"):
                kernel.write_strings(codes, offsets, data, out.view)
            assert out.margins_untouched()


@pytest.mark.parametrize("offsets", [[0, 9], [-1, 2], [2, 1], [0, 2**31 - 1], [-(2**31), 2**31 - 1]])
def test_writers_refuse_offsets_outside_their_data(kernel: ModuleType, offsets: list[int]) -> None:
    wrong = np.array(offsets, np.int32)
    for codes in (None, np.zeros(1, np.int32)):
        assert kernel.size_of_strings(codes, wrong, 8) == -1
        with pytest.raises(ValueError, match="exactly"):
            kernel.write_strings(codes, wrong, b"12345678", bytearray(11))


@pytest.mark.parametrize("code", [-1, 1, 2**31 - 1, -(2**31)])
def test_writers_refuse_codes_without_a_label(kernel: ModuleType, code: int) -> None:
    codes, offsets = np.array([code], np.int32), np.array([0, 1], np.int32)
    assert kernel.size_of_strings(codes, offsets, 1) == -1
    with pytest.raises(ValueError, match="exactly"):
        kernel.write_strings(codes, offsets, b"a", bytearray(3))


def test_writers_refuse_unsuitable_memory(kernel: ModuleType) -> None:
    """Misaligned or shared memory, an unknown width, a negative size."""
    odd, offsets, codes = Memory(8, shift=1).view, np.array([0, 1], np.int32), np.zeros(1, np.int32)
    for refused in (
        lambda: kernel.size_of_varints(odd, 8),
        lambda: kernel.size_of_varints(bytes(8), 3),
        lambda: kernel.read_varints(b"", bytearray(3), 3, 0),
        lambda: kernel.size_of_varints(bytes(6), 4),
        lambda: kernel.size_of_strings(None, odd, 1),
        lambda: kernel.size_of_strings(None, offsets, -1),
        lambda: kernel.size_of_strings(codes, offsets, -1),
        lambda: kernel.size_of_strings(codes, odd, 1),
        lambda: kernel.size_of_strings(odd, offsets, 1),
        lambda: kernel.write_varints(odd, 4, bytearray(2)),
        lambda: kernel.write_varints(bytes(8), 0, bytearray(1)),
        lambda: kernel.write_varints(codes, 4, codes.view(np.uint8)[:1]),
        lambda: kernel.write_strings(None, odd, b"a", bytearray(3)),
        lambda: kernel.write_strings(None, offsets, b"a", offsets.view(np.uint8)[:3]),
        lambda: kernel.write_strings(codes, offsets, b"a", codes.view(np.uint8)[:3]),
    ):
        with pytest.raises(ValueError, match=r"whole elements|shares memory|wide|negative"):
            refused()


def colliding_labels(count: int) -> list[bytes]:
    """Return labels of 16 ASCII characters with the same hash under ``mix(mix(mix(size) ^ first) ^ second)``.

    It is what the kernel once had: Fibonacci hashing without a key, each step inverted here.
    """
    golden, ascii_only = 0x9E3779B97F4A7C15, np.uint64(0x8080808080808080)
    inverse = np.uint64(pow(golden, -1, 2**64))
    start = 16 * golden % 2**64
    low, constant = 2**28 // 300, np.uint64(0x1234567841424344)
    found: list[bytes] = []
    block = 0
    while len(found) < count:
        numbers = np.arange(block * low, (block + 1) * low, dtype=np.uint64)
        block += 1
        # Four ASCII characters that vary, and four that do not.
        varying = sum((numbers >> np.uint64(7 * at) & np.uint64(0x7F)) << np.uint64(8 * at) for at in range(4))
        second = varying | np.uint64(0x4142434400000000)
        state = second ^ constant
        first = np.uint64(start) ^ ((state ^ np.uint64(start >> 32)) * inverse)
        chosen = (first & ascii_only) == 0
        words = np.stack([first[chosen], second[chosen]], axis=1)
        found.extend(each.tobytes() for each in words)
    return found[:count]


def test_labels_that_collide_without_a_key_do_not_take_quadratic_time(kernel: ModuleType) -> None:
    """These take minutes with a hash that whoever sends them can compute."""
    labels = colliding_labels(200_000)
    codes = np.empty(len(labels), np.int32)
    repeated = b"".join(b"\n\x10" + label for label in labels)
    read = ending(lambda: kernel.read_labels(repeated, codes), "reading labels")
    assert read.result == [label.decode() for label in labels]
    assert (codes == np.arange(len(labels))).all()
