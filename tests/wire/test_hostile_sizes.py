"""False lengths, and messages with little data: memory and work stay bounded."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pyarrow as pa
import pytest

from tests.wire.comparison import difference, official_outcome, outcome, without_kernel
from tests.wire.encodings import INTEGERS, LIST, MIXED, OBJECT, Canonical, Cell, Column, Response, varint
from tickframe import catalogue
from tickframe.catalogue import FUNCTIONS, ColumnKind, TickDataType
from tickframe.errors import DecodeError, FrameError, FrameLengthError, TickframeError
from tickframe.wire.batch import ARROW_TYPES
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import Marker, write_frame
from tickframe.wire.limits import ResponseLimit
from tickframe.wire.reader import read_responses

PROJECT = Path(__file__).parent.parent.parent
MEBIBYTE = 2**20
MOST = 2**31 - 1
CANONICAL = Canonical()


def around_list(body: bytes) -> bytes:
    """Return a response with one column, whose ``ValueList`` is ``body``."""
    return CANONICAL.nest(2, CANONICAL.nest(1, CANONICAL.entry("a", [CANONICAL.nest(2, body)])))


CLAIMS = {
    "a list": around_list(b"\x12" + varint(MOST)),
    "packed integers": around_list(CANONICAL.nest(2, b"\x0a" + varint(MOST) + b"\x01")),
    "packed integers beyond 31 bits": around_list(CANONICAL.nest(2, b"\x0a" + varint(2**31) + b"\x01")),
    "packed doubles": around_list(CANONICAL.nest(3, b"\x0a" + varint(2**31 - 8) + bytes(8))),
    "a string": around_list(CANONICAL.nest(1, b"\x0a" + varint(MOST) + b"a")),
    "the table": b"\x12" + varint(MOST),
    "an entry": CANONICAL.nest(2, b"\x0a" + varint(MOST)),
    "a key": CANONICAL.nest(2, CANONICAL.nest(1, b"\x0a" + varint(MOST) + b"a\x12\x00")),
    "a value": CANONICAL.nest(2, CANONICAL.nest(1, b"\x0a\x01a\x12" + varint(MOST))),
    "the header": b"\x0a" + varint(MOST),
    "an entry one byte past its table": b"\x12\x02\x0a\x01",
    "a list one byte past its entry": CANONICAL.nest(2, b"\x0a\x07\x0a\x01a\x12\x03\x12\x01") + b"\x0a\x00",
}


def peak(work: Callable[[], object]) -> int:
    """Return the most memory that Python, NumPy and Arrow held during the call."""
    default = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(default)
    pa.set_memory_pool(pool)
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] + (pool.max_memory() or 0)
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(default)


@pytest.mark.parametrize("message", CLAIMS.values(), ids=CLAIMS.keys())
def test_a_length_beyond_its_parent_is_an_error_and_allocates_no_memory(engine: str, message: bytes) -> None:
    def decode() -> None:
        with pytest.raises(DecodeError):
            list(read_responses(write_frame(message)))

    decode()
    assert peak(decode) < MEBIBYTE, engine


@pytest.mark.parametrize("marker", Marker)
def test_a_frame_that_announces_two_gigabytes_allocates_little(engine: str, marker: Marker) -> None:
    """Nothing for bytes; for a file the initial capacity, which is not touched."""
    length = varint(MOST) if marker is Marker.VARINT else MOST.to_bytes(4, "big")
    source = bytes([marker]) + length + CANONICAL.message(Response([Column("a", INTEGERS, [1])]))

    def decode(source: Any) -> None:
        with pytest.raises(FrameError, match="cut short"):
            list(read_responses(source))

    assert peak(lambda: decode(source)) < MEBIBYTE, engine
    assert peak(lambda: decode(io.BytesIO(source))) < 65 * MEBIBYTE, engine


LIMITED = """
import io, resource, sys
import pyarrow as pa
from tickframe.wire.reader import kernel, read_responses
from tickframe.errors import FrameError
assert (kernel is None) == (sys.argv[1] == "off")
pa.allocate_buffer(1)

def resident():
    with open("/proc/self/status") as status:
        lines = dict(line.split(":", 1) for line in status)
    return int(lines["VmRSS"].split()[0]) * 1024, int(lines["VmSize"].split()[0]) * 1024

before, mapped = resident()
resource.setrlimit(resource.RLIMIT_AS, (mapped + 256 * 2**20,) * 2)
announced = b"\\xff\\x7f\\xff\\xff\\xff"

class Watched(io.BytesIO):
    def readinto(self, buffer):
        self.most = max(getattr(self, "most", 0), resident()[0])
        return super().readinto(buffer)

source = Watched(announced + b"\\x12\\x00")
try:
    list(read_responses(source))
except FrameError:
    assert source.most - before < 16 * 2**20, (source.most, before)
    sys.stdout.write("bounded")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.skipif(bool(os.environ.get("SANITIZED_KERNEL")), reason="a sanitizer maps terabytes")
@pytest.mark.parametrize("kernel", ["on", "off"])
def test_an_announced_length_does_not_map_memory(kernel: str) -> None:
    """In a process that is limited to another 256 MB, a frame that announces 2 GB is only truncated."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, kernel],
        env={**os.environ, "TICKFRAME_KERNEL": kernel},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "bounded"), done.stderr


def many_columns(count: int, *, odd: bool) -> bytes:
    entries = (CANONICAL.nest(1, b"\x0a\x06%06d\x12\x05\x12\x03\x0a\x01\x01" % number) for number in range(count))
    return CANONICAL.nest(2, b"".join(entries)) + (b"\x98\x06\x01" if odd else b"")


def test_both_engines_decode_a_hundred_thousand_columns() -> None:
    frame = write_frame(many_columns(100_000, odd=False))
    ours, theirs = outcome(frame), official_outcome(frame)
    assert not isinstance(ours, TickframeError)
    assert difference(ours, theirs) == ""
    assert ours[0].batches[0].num_columns == 100_000


def lines_run(source: Any) -> int:
    """Return the number of lines of the package that run to decode a source."""
    counted: Counter[str] = Counter()

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        if "tickframe" not in frame.f_code.co_filename:
            return None
        counted[event] += 1
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        list(read_responses(source))
    finally:
        sys.settrace(previous)
    return counted["line"] + counted["call"]


class Chunks(io.BytesIO):
    """A source that returns few bytes at a time."""

    def readinto(self, buffer: memoryview) -> int:
        return super().readinto(buffer[:64])


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("source", [bytes, io.BytesIO, Chunks])
def test_work_is_proportional_to_the_number_of_columns(engine: str, source: Callable[[bytes], Any], odd: bool) -> None:
    """Ten times the columns run about ten times the lines, not a hundred times."""
    few, many = (lines_run(source(write_frame(many_columns(count, odd=odd)))) for count in (100, 1000))
    assert many < 11 * few, engine


def test_a_long_column_that_arrives_slowly_is_read_once(engine: str) -> None:
    """The work for each chunk does not grow with the column."""
    columns = [Column("a", INTEGERS, [1] * count) for count in (2_000, 20_000)]
    few, many = (lines_run(Chunks(write_frame(CANONICAL.message(Response([column]))))) for column in columns)
    assert many < 11 * few, engine


def nested(depth: int, kind: int) -> bytes:
    """Return a response of nested mixed lists or objects."""
    cell: Cell = Cell(INTEGERS, 1)
    for _ in range(depth):
        cell = Cell(LIST, Column("", MIXED, [cell])) if kind == LIST else Cell(OBJECT, [("x", cell)])
    return CANONICAL.message(Response([Column("a", MIXED, [cell])]))


@pytest.mark.parametrize("kind", [LIST, OBJECT])
def test_nesting_is_decoded_up_to_protobufs_limit(engine: str, kind: int) -> None:
    """A hundred levels of messages; each list or object has three."""
    refused = []
    for depth in range(40):
        message = nested(depth, kind)
        try:
            DataResponse.FromString(message)
        except Exception:  # noqa: BLE001, any exception is a rejection
            refused.append(depth)
            with pytest.raises(DecodeError):
                list(read_responses(write_frame(message)))
        else:
            [response] = read_responses(write_frame(message))
            response.batches[0].validate(full=True)
            assert response.batches[0].num_rows == 1, engine
    assert refused == list(range(refused[0], 40))
    assert 25 < refused[0] < 35


def test_groups_are_skipped_up_to_protobufs_limit(engine: str) -> None:
    """Unknown groups can nest too; reading the column names does not recurse."""
    for depth in (1, 50, 99, 100, 101, 5_000, 100_000):
        message = CANONICAL.message(Response([Column("a", INTEGERS, [1])]))
        message += b"\x83\x01" * depth + b"\x84\x01" * depth
        try:
            DataResponse.FromString(message)
        except Exception:  # noqa: BLE001, any exception is a rejection
            assert depth > 99
            with pytest.raises(DecodeError):
                list(read_responses(write_frame(message)))
        else:
            assert depth < 101
            [response] = read_responses(write_frame(message))
            assert response.batches[0].num_rows == 1, engine


def test_memory_is_proportional_to_the_bytes_received(engine: str) -> None:
    """One mebibyte of the densest lists: empty strings, bools, one-byte integers."""
    dense = {
        "strings": CANONICAL.nest(1, b"\x0a\x00" * (MEBIBYTE // 2)),
        "integers": CANONICAL.nest(2, CANONICAL.nest(1, bytes(MEBIBYTE))),
        "booleans": CANONICAL.nest(4, CANONICAL.nest(1, bytes(MEBIBYTE))),
        "milliseconds": CANONICAL.nest(9, CANONICAL.nest(1, bytes(MEBIBYTE))),
    }
    for name, body in dense.items():
        frame = write_frame(around_list(body))
        assert peak(lambda frame=frame: list(read_responses(frame))) < 40 * MEBIBYTE, (engine, name)


TRADES = FUNCTIONS["tick_data"].columns_for(TickDataType.TRADES)


def flags(rows: int) -> bytes:
    """Return a frame with an undocumented column of booleans, and none of the documented ones."""
    return write_frame(around_list(CANONICAL.nest(4, CANONICAL.nest(1, bytes(rows)))))


def test_missing_columns_share_one_buffer(engine: str) -> None:
    """A byte on the wire would otherwise be a row of nulls in every documented column."""
    frame = flags(4 * MEBIBYTE)
    few = peak(lambda: list(read_responses(frame)))
    assert peak(lambda: list(read_responses(frame, TRADES))) < few + 10 * 4 * MEBIBYTE, engine


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 1000])
@pytest.mark.parametrize("kind", ARROW_TYPES)
def test_nulls_of_a_missing_column_are_those_of_arrow(kind: ColumnKind, rows: int) -> None:
    columns = (catalogue.Column("missing", kind), catalogue.Column("a", ColumnKind.BOOLEAN))
    [response] = read_responses(flags(rows), columns)
    missing = response.batches[0].column("missing")
    missing.validate(full=True)
    assert missing.null_count == rows
    assert missing.equals(pa.nulls(rows, ARROW_TYPES[kind]))
    assert pa.concat_arrays([missing, missing]).to_pylist() == [None] * 2 * rows


def test_a_response_that_takes_far_more_memory_than_it_has_bytes_is_an_error(engine: str) -> None:
    """Nulls count as what they are once somebody computes with them: half a megabyte of gzip was 14 GB."""
    with pytest.raises(DecodeError, match=r"takes 1,\d+,\d+,\d+ bytes in memory, for 31,.*maximum_decoded_bytes"):
        list(read_responses(flags(30 * MEBIBYTE), TRADES))
    [response] = read_responses(flags(30 * MEBIBYTE), TRADES, limit=ResponseLimit(None, 2 * 2**30))
    assert (response.rows, response.engine) == (30 * MEBIBYTE, engine)


def test_columns_are_counted_while_they_arrive(engine: str) -> None:
    columns = [Column(f"a{number}", INTEGERS, [1] * 100) for number in range(100)]
    frame = write_frame(CANONICAL.message(Response(columns)))
    with pytest.raises(DecodeError, match=r"takes [345],\d+ bytes .* limit is 3,000"):
        list(read_responses(frame, limit=ResponseLimit(None, 3_000)))
    assert len(list(read_responses(frame, limit=ResponseLimit(None, 200_000)))) == 1, engine


def test_frames_of_a_response_have_a_limit_together(engine: str) -> None:
    frame = write_frame(CANONICAL.message(Response([Column("a", INTEGERS, [1] * 100)])))
    length = len(frame) - 2
    assert len(list(read_responses(3 * frame, limit=ResponseLimit(3 * length)))) == 3, engine
    with pytest.raises(FrameLengthError, match=f"announces {4 * length} bytes, but the limit is {4 * length - 1}"):
        list(read_responses(4 * frame, limit=ResponseLimit(4 * length - 1)))
    with pytest.raises(DecodeError, match="maximum_decoded_bytes"):
        list(read_responses(3 * frame, limit=ResponseLimit(None, 3 * 100 * 8)))


def test_a_length_above_the_limit_is_an_error_before_memory_is_allocated() -> None:
    source = io.BytesIO(b"\xff" + MOST.to_bytes(4, "big") + bytes(11))

    def decode() -> None:
        with pytest.raises(FrameLengthError, match="limit is 10"):
            list(read_responses(source, limit=ResponseLimit(10)))

    assert peak(decode) < MEBIBYTE


def test_frames_without_rows_are_counted(engine: str) -> None:
    """Two bytes each, but each has a record batch."""
    with pytest.raises(DecodeError, match="maximum_decoded_bytes"):
        list(read_responses(100_000 * b"\xfa\x00", limit=ResponseLimit()))
    assert len(list(read_responses(1_000 * b"\xfa\x00", limit=ResponseLimit()))) == 1_000, engine


def test_the_measurement_includes_arrows_memory(engine: str) -> None:
    frame = write_frame(CANONICAL.message(Response([Column("a", INTEGERS, [1] * MEBIBYTE)])))
    assert peak(lambda: list(read_responses(frame))) > 8 * MEBIBYTE, engine


def test_without_kernel_restores_the_kernel(engine: str) -> None:
    frame = write_frame(CANONICAL.message(Response([Column("a", INTEGERS, [1])])))
    assert next(read_responses(frame)).engine == engine
    with without_kernel():
        assert next(read_responses(frame)).engine == "fallback"
    assert next(read_responses(frame)).engine == engine
