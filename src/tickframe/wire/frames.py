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
from tickframe.wire.fields import write_varint

#: The longest message that a frame can announce, in bytes: what protobuf itself can hold.
MAXIMUM_LENGTH = 2**31 - 1

# Memory grows with what has arrived, so that a false length costs no more than this.
_FIRST_CAPACITY = 64 * 1024 * 1024
# Small enough for a column to be decoded while the next one arrives, large enough to read fast.
_CHUNK = 1024 * 1024

_VARINT32_BYTES = 5


class Marker(IntEnum):
    """The first byte of a frame: it says how the length is written."""

    VARINT = 0xFA
    FIXED = 0xFF


class BinaryFile(Protocol):
    """Anything that fills a buffer: an open file, a socket's file, an HTTP body."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer from its start; return how many bytes arrived, 0 at the end."""


#: Bytes at hand, or a file to read them from.
Source = bytes | bytearray | memoryview | BinaryFile


def frame_start(length: int, marker: Marker = Marker.VARINT) -> bytes:
    """Return what stands before a message: the marker and the length.

    Parameters
    ----------
    length
        The length of the serialized message, in bytes.
    marker
        How to write the length.

    Raises
    ------
    FrameLengthError
        If the message is longer than a frame can say.
    """
    if length > MAXIMUM_LENGTH:
        raise FrameLengthError(f"a message of {length:,} bytes does not fit a frame: the limit is {MAXIMUM_LENGTH:,}")
    return bytes((marker,)) + (length.to_bytes(4, "big") if marker is Marker.FIXED else write_varint(length))


def write_frame(message: bytes, marker: Marker = Marker.VARINT) -> bytes:
    """Put a serialized message into a frame; takes and raises what :func:`frame_start` does."""
    return frame_start(len(message), marker) + message


class Frame:
    """One frame of a source, whose message may still be arriving.

    Attributes
    ----------
    length : int
        The length of its message, in bytes.
    """

    def __init__(self, length: int, arrivals: Iterator[memoryview]) -> None:
        self.length = length
        self._arrivals = arrivals

    def arrivals(self) -> Iterator[memoryview]:
        """Read on, and return again and again the message as far as it has arrived.

        Yields
        ------
        memoryview
            The first bytes of the message, more each time; at last the whole message. Of bytes it
            is a view; of a file it owns its memory.

        Raises
        ------
        TruncatedFrameError
            If the source ends inside the message.
        TrailingBytesError
            If what follows the message is neither another frame nor the end; the whole message is
            not returned then.
        """
        return self._arrivals

    def read(self) -> memoryview:
        """Read to the end of the message and return it; raises as :meth:`arrivals` does."""
        message = memoryview(b"")
        for arrived in self._arrivals:
            message = arrived
        return message


def open_frames(source: Source, *, maximum_length: int = MAXIMUM_LENGTH) -> Iterator[Frame]:
    """Open frames, one after another, to the end; their messages are still to be read.

    Parameters
    ----------
    source
        Framed bytes, or a file open for reading them.
    maximum_length
        The longest message to accept, in bytes.

    Yields
    ------
    Frame
        Each frame. What is left unread of it is passed over when the next one is asked for.

    Raises
    ------
    FrameMarkerError
        If the first byte is no marker.
    FrameLengthError
        If a length is malformed, negative or above ``maximum_length``; no memory was taken for it.
    TruncatedFrameError
        If the source ends inside a frame's length, or is empty.
    """
    reader: _Reader = (
        _BytesReader(memoryview(source).cast("B"))
        if isinstance(source, bytes | bytearray | memoryview)
        else _FileReader(source)
    )
    reader.read_marker()
    if reader.marker is None:
        raise TruncatedFrameError("there is no frame: the source is empty, ask again")
    while reader.marker is not None:
        length = _read_length(reader, maximum_length)
        arrivals = reader.read_message(length)
        yield Frame(length, arrivals)
        # What was left unread is passed over.
        collections.deque(arrivals, maxlen=0)


def read_frames(source: Source, *, maximum_length: int = MAXIMUM_LENGTH) -> Iterator[memoryview]:
    """Read the messages of framed bytes, one after another, to the end.

    Takes what :func:`open_frames` does and raises what it and :meth:`Frame.arrivals` do.

    Yields
    ------
    memoryview
        Each frame's message. Of bytes it is a view; of a file it owns its memory.
    """
    return (frame.read() for frame in open_frames(source, maximum_length=maximum_length))


class _Reader(ABC):
    """Reads a source from its beginning, and knows the marker of the frame to come."""

    def __init__(self) -> None:
        self.offset = 0
        self.marker: Marker | None = None

    @abstractmethod
    def read(self, count: int) -> bytes:
        """Return the next few bytes, fewer at the end."""

    @abstractmethod
    def arrivals(self, length: int) -> Iterator[memoryview]:
        """Return the next bytes as they arrive, fewer than the length at the end."""

    def read_marker(self) -> None:
        """Read the next frame's marker, None at the end."""
        byte = self.read(1)
        if not byte:
            self.marker = None
            return
        try:
            self.marker = Marker(byte[0])
        except ValueError:
            raise self._no_marker(byte[0]) from None

    def _no_marker(self, byte: int) -> FrameMarkerError | TrailingBytesError:
        what = f"byte {self.offset - 1:,} is 0x{byte:02X}"
        if self.marker is None:
            return FrameMarkerError(
                f"{what} where a frame's marker (0xFA or 0xFF) should be: this is no framed "
                "answer; check base_url and path_template"
            )
        return TrailingBytesError(
            f"{what} where the next frame's marker (0xFA or 0xFF) or the end should be: the frame before it is "
            "shorter than it should be, or something follows it; ask again, and see whether a proxy adds to answers"
        )

    def read_message(self, length: int) -> Iterator[memoryview]:
        """Return a message as it arrives, and whole only when what follows it is in order."""
        offset = self.offset
        message = memoryview(b"")
        for message in self.arrivals(length):
            if len(message) < length:
                yield message
        if len(message) < length:
            raise TruncatedFrameError(
                f"the message at byte {offset:,} should have {length:,} bytes and {len(message):,} arrived: "
                "the answer was cut short, ask again"
            )
        # A length that is too short must not pass for a frame.
        self.read_marker()
        yield message


class _BytesReader(_Reader):
    """Reads bytes at hand."""

    def __init__(self, source: memoryview) -> None:
        super().__init__()
        self._source = source

    def read(self, count: int) -> bytes:
        """Return the next few bytes, fewer at the end."""
        few = bytes(self._source[self.offset : self.offset + count])
        self.offset += len(few)
        return few

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

    def read(self, count: int) -> bytes:
        """Return the next few bytes, fewer at the end."""
        few = bytearray(count)
        filled = 0
        while filled < count and (arrived := self._source.readinto(memoryview(few)[filled:])):
            filled += arrived
        self.offset += filled
        return bytes(few[:filled])

    def arrivals(self, length: int) -> Iterator[memoryview]:
        """Return what has arrived after each chunk; earlier views stay right."""
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


def _read_length(reader: _Reader, maximum_length: int) -> int:
    """Read the length of a frame whose marker has just been read."""
    offset = reader.offset - 1
    length = _read_varint(reader, offset) if reader.marker is Marker.VARINT else _read_fixed(reader, offset)
    if length > maximum_length:
        raise FrameLengthError(
            f"the frame at byte {offset:,} announces {length:,} bytes: the limit is {maximum_length:,}, which "
            "maximum_length sets; or ask for less at once"
        )
    return length


def _read_fixed(reader: _Reader, offset: int) -> int:
    digits = reader.read(4)
    if len(digits) < 4:
        raise TruncatedFrameError(f"the source ends inside the length of the frame at byte {offset:,}: ask again")
    length = int.from_bytes(digits, "big", signed=True)
    if length < 0:
        raise FrameLengthError(f"the frame at byte {offset:,} announces a negative length, {length:,}: ask again")
    return length


def _read_varint(reader: _Reader, offset: int) -> int:
    length = 0
    for position in range(_VARINT32_BYTES):
        digit = reader.read(1)
        if not digit:
            raise TruncatedFrameError(f"the source ends inside the length of the frame at byte {offset:,}: ask again")
        length |= (digit[0] & 0x7F) << 7 * position
        if digit[0] < 0x80:
            if length >= 2**31:
                raise FrameLengthError(
                    f"the frame at byte {offset:,} announces {length:,} bytes, more than 31 bits: ask again"
                )
            return length
    raise FrameLengthError(f"the length of the frame at byte {offset:,} is no varint of at most 5 bytes: ask again")
