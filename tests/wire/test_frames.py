"""Frames with both markers, from bytes and from a stream, and all their errors."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickframe.errors import FrameError, FrameLengthError, FrameMarkerError, TrailingBytesError, TruncatedFrameError
from tickframe.wire.frames import Marker, open_frames, read_frames, write_frame

MESSAGES = st.lists(st.tuples(st.binary(max_size=300), st.sampled_from(Marker)), min_size=1, max_size=5)


@given(MESSAGES)
def test_frames_are_read_as_they_were_written(messages: list[tuple[bytes, Marker]]) -> None:
    framed = b"".join(write_frame(message, marker) for message, marker in messages)
    expected = [message for message, _ in messages]
    assert [bytes(message) for message in read_frames(framed)] == expected
    assert [bytes(message) for message in read_frames(io.BytesIO(framed))] == expected
    assert [bytes(message) for message in read_frames(OneByteAtATime(framed))] == expected


@given(MESSAGES, st.data())
def test_a_frame_truncated_anywhere_is_an_error(messages: list[tuple[bytes, Marker]], data: st.DataObject) -> None:
    frames = [write_frame(message, marker) for message, marker in messages]
    framed = b"".join(frames)
    whole = {sum(map(len, frames[:count])) for count in range(1, len(frames) + 1)}
    cut = data.draw(st.integers(0, len(framed) - 1).filter(lambda at: at not in whole))
    for source in (framed[:cut], io.BytesIO(framed[:cut])):
        with pytest.raises(TruncatedFrameError):
            list(read_frames(source))


@given(st.binary(max_size=30))
def test_any_bytes_are_frames_or_a_frame_error(noise: bytes) -> None:
    try:
        from_bytes = [bytes(message) for message in read_frames(noise)]
    except FrameError as error:
        with pytest.raises(type(error)):
            list(read_frames(io.BytesIO(noise)))
    else:
        assert from_bytes == [bytes(message) for message in read_frames(io.BytesIO(noise))]


@pytest.mark.parametrize(
    ("framed", "error"),
    [
        (b"", TruncatedFrameError),
        (b"<html>", FrameMarkerError),
        (b"\xfa", TruncatedFrameError),
        (b"\xfa\x80", TruncatedFrameError),
        (b"\xff\x00\x00", TruncatedFrameError),
        (b"\xfa\x03ab", TruncatedFrameError),
        (b"\xff\x00\x00\x00\x03ab", TruncatedFrameError),
        (b"\xfa\x02ab\x00", TrailingBytesError),
        (b"\xff\xff\xff\xff\xff", FrameLengthError),
        (b"\xff\x80\x00\x00\x00", FrameLengthError),
        (b"\xfa\xff\xff\xff\xff\x0f", FrameLengthError),
        (b"\xfa\xff\xff\xff\xff\xff\x01", FrameLengthError),
        (b"\xfa\x80\x80\x80\x80\x80\x01", FrameLengthError),
        (b"\xff\x7f\xff\xff\xffab", TruncatedFrameError),
    ],
)
def test_each_fault_of_a_frame_has_its_own_error(framed: bytes, error: type[FrameError]) -> None:
    for source in (framed, io.BytesIO(framed)):
        with pytest.raises(error):
            list(read_frames(source))


def test_a_frame_larger_than_one_read_is_complete() -> None:
    message = bytes(range(256)) * (70 * 1024 * 4)
    assert next(read_frames(io.BytesIO(write_frame(message)))) == message


class OneByteAtATime:
    """A stream that returns one byte at a time."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readinto(self, buffer: memoryview, /) -> int:
        return self._content.readinto(buffer[:1])


def test_an_unread_frame_is_skipped() -> None:
    framed = write_frame(b"one") + write_frame(b"two", Marker.FIXED)
    assert [frame.length for frame in open_frames(framed)] == [3, 3]
    assert [frame.length for frame in open_frames(io.BytesIO(framed))] == [3, 3]


def test_a_message_can_be_read_while_it_arrives() -> None:
    [arrived] = (
        [bytes(view) for view in frame.arrivals()] for frame in open_frames(OneByteAtATime(write_frame(b"abc")))
    )
    assert arrived == [b"a", b"ab", b"abc"]
