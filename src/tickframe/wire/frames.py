"""Frames: one marker byte, a length, then a message of exactly that length.

========  ==========================================
marker    length
========  ==========================================
``0xFA``  varint32, 1 to 5 bytes
``0xFF``  4 bytes, signed 32-bit, big endian
========  ==========================================
"""

from __future__ import annotations

import collections
from abc import ABC, abstractmethod
from collections.abc import Iterator
from enum import IntEnum
from typing import Protocol

import numpy as np

from tickframe.errors import FrameLengthError, FrameMarkerError, TrailingBytesError, TruncatedFrameError
from tickframe.wire.fields import read_varint, write_varint

#: The longest message that a frame can announce, in bytes: what protobuf itself can hold.
MAXIMUM_LENGTH = 2**31 - 1

# Memory grows with the bytes that arrive, so that a false length costs no more than this.
_FIRST_CAPACITY = 64 * 1024 * 1024
# Small enough to decode a column while the next one arrives, large enough to read fast.
_CHUNK = 1024 * 1024

_VARINT32_BYTES = 5


class Marker(IntEnum):
    """The first byte of a frame, which determines how its length is written."""

    VARINT = 0xFA
    FIXED = 0xFF


class BinaryFile(Protocol):
    """An object that fills a buffer, such as an open file, a socket's file or an HTTP body."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer from its start, and return the number of bytes; 0 at the end."""


#: Bytes in memory, or a file to read them from.
Source = bytes | bytearray | memoryview | BinaryFile


def frame_start(length: int, marker: Marker = Marker.VARINT) -> bytes:
    """Return the bytes before a message: the marker and the length.

    Parameters
    ----------
    length
        Length of the serialized message in bytes.
    marker
        How to write the length.

    Raises
    ------
    FrameLengthError
        If the message is too long for a frame.
    """
    if length > MAXIMUM_LENGTH:
        raise FrameLengthError(
            f"a message of {length:,} bytes is too long for a frame: the limit is {MAXIMUM_LENGTH:,}"
        )
    return bytes((marker,)) + (length.to_bytes(4, "big") if marker is Marker.FIXED else write_varint(length))


def write_frame(message: bytes, marker: Marker = Marker.VARINT) -> bytes:
    """Put a serialized message into a frame; takes and raises what :func:`frame_start` does."""
    return frame_start(len(message), marker) + message


class Frame:
    """One frame of a source, whose message may still be arriving.

    Attributes
    ----------
    length : int
        Length of its message in bytes.
    """

    def __init__(self, length: int, arrivals: Iterator[memoryview]) -> None:
        self.length = length
        self._arrivals = arrivals

    def arrivals(self) -> Iterator[memoryview]:
        """Read the message step by step, and return after each step what has arrived of it.

        Yields
        ------
        memoryview
            The first bytes of the message, more each time; at last the complete message. A view of
            the source if that is bytes; otherwise it owns its memory.

        Raises
        ------
        TruncatedFrameError
            If the source ends inside the message.
        TrailingBytesError
            If the message is followed by neither another frame nor the end. The complete message
            is not returned in that case.
        """
        return self._arrivals

    def read(self) -> memoryview:
        """Read to the end of the message and return it; raises what :meth:`arrivals` does."""
        return _last(self._arrivals)


def open_frames(source: Source) -> Iterator[Frame]:
    """Iterate over frames without reading their messages.

    Parameters
    ----------
    source
        Framed bytes, or a file open for reading them.

    Yields
    ------
    Frame
        Each frame; no memory was allocated for its message. The unread rest of it is skipped when the next frame is
        requested.

    Raises
    ------
    FrameMarkerError
        If the first byte is not a marker.
    FrameLengthError
        If a length is malformed or negative.
    TruncatedFrameError
        If the source is empty or ends inside a frame's length.
    """
    reader: _Reader = (
        _BytesReader(memoryview(source).cast("B"))
        if isinstance(source, bytes | bytearray | memoryview)
        else _FileReader(source)
    )
    reader.read_marker()
    if reader.marker is None:
        raise TruncatedFrameError("the source is empty, without a frame: try again")
    while reader.marker is not None:
        length = reader.read_length()
        arrivals = reader.read_message(length)
        yield Frame(length, arrivals)
        # Skip what was not read.
        collections.deque(arrivals, maxlen=0)


def read_frames(source: Source) -> Iterator[memoryview]:
    """Read the messages of framed bytes.

    Takes what :func:`open_frames` does, and raises what it and :meth:`Frame.arrivals` do.

    Yields
    ------
    memoryview
        The message of each frame. A view of the source if that is bytes; otherwise it owns its memory.
    """
    return (frame.read() for frame in open_frames(source))


class _Reader(ABC):
    """Reads a source from its beginning, one marker ahead."""

    def __init__(self) -> None:
        self.offset = 0
        self.marker: Marker | None = None

    @abstractmethod
    def arrivals(self, length: int) -> Iterator[memoryview]:
        """Return the next bytes as they arrive, fewer than ``length`` at the end."""

    def read(self, count: int) -> bytes:
        """Return the next ``count`` bytes, fewer at the end."""
        return bytes(_last(self.arrivals(count)))

    def read_marker(self) -> None:
        """Read the marker of the next frame; None at the end."""
        byte = self.read(1)
        if not byte:
            self.marker = None
            return
        try:
            self.marker = Marker(byte[0])
        except ValueError:
            raise self._invalid_marker(byte[0]) from None

    def _invalid_marker(self, byte: int) -> FrameMarkerError | TrailingBytesError:
        found = f"byte {self.offset - 1:,} is 0x{byte:02X}, which is not the marker of a frame (0xFA or 0xFF)"
        if self.marker is None:
            return FrameMarkerError(f"{found}: the response is not framed; check base_url and path_template")
        return TrailingBytesError(
            f"{found}: the previous frame is longer than it announced, or something follows it; try again, and "
            "check whether a proxy changes responses"
        )

    def read_length(self) -> int:
        """Read the length of a frame whose marker has just been read."""
        frame = f"the frame at byte {self.offset - 1:,}"
        if self.marker is Marker.FIXED:
            length = int.from_bytes(self._read_digits(4, frame), "big", signed=True)
        else:
            digits = self._read_digits(1, frame)
            while digits[-1] >= 0x80 and len(digits) < _VARINT32_BYTES:
                digits += self._read_digits(1, frame)
            try:
                length, _ = read_varint(memoryview(digits), 0, _VARINT32_BYTES)
            except ValueError:
                raise FrameLengthError(f"the length of {frame} is longer than 5 bytes: try again") from None
        if not 0 <= length <= MAXIMUM_LENGTH:
            raise FrameLengthError(
                f"{frame} announces {length:,} bytes, which is negative or more than 31 bits: try again"
            )
        return length

    def _read_digits(self, count: int, frame: str) -> bytes:
        digits = self.read(count)
        if len(digits) < count:
            raise TruncatedFrameError(f"the source ends inside the length of {frame}: try again")
        return digits

    def read_message(self, length: int) -> Iterator[memoryview]:
        """Return a message as it arrives, and the complete message only if what follows it is valid."""
        offset = self.offset
        message = memoryview(b"")
        for message in self.arrivals(length):
            if len(message) < length:
                yield message
        if len(message) < length:
            raise TruncatedFrameError(
                f"the message at byte {offset:,} was cut short: {len(message):,} of {length:,} bytes arrived; try again"
            )
        # An announced length that is too short must not pass as valid.
        self.read_marker()
        yield message


class _BytesReader(_Reader):
    """Reads bytes in memory."""

    def __init__(self, source: memoryview) -> None:
        super().__init__()
        self._source = source

    def arrivals(self, length: int) -> Iterator[memoryview]:
        """Return a view of the next bytes."""
        view = self._source[self.offset : self.offset + length]
        self.offset += len(view)
        yield view


class _FileReader(_Reader):
    """Reads a file into memory of its own."""

    def __init__(self, source: BinaryFile) -> None:
        super().__init__()
        self._source = source

    def arrivals(self, length: int) -> Iterator[memoryview]:
        """Return what has arrived after each chunk; earlier views stay valid."""
        buffer = np.empty(min(length, _FIRST_CAPACITY), np.uint8)
        filled = 0
        while filled < length:
            if filled == len(buffer):
                larger = np.empty(min(length, 2 * filled), np.uint8)
                larger[:filled] = buffer
                buffer = larger
            view = buffer.data
            arrived = self._source.readinto(view[filled : filled + _CHUNK])
            if not arrived:
                break
            filled += arrived
            self.offset += arrived
            yield view[:filled]


def _last(arrivals: Iterator[memoryview]) -> memoryview:
    last = collections.deque(arrivals, maxlen=1)
    return last[0] if last else memoryview(b"")
