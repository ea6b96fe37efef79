"""Frames: one marker byte, a length, then a message of exactly that length.

========  ==========================================
marker    length
========  ==========================================
``0xFA``  varint32, 1 to 5 bytes
``0xFF``  4 bytes, signed 32-bit, big endian
========  ==========================================
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Protocol, runtime_checkable

from tickframe.errors import FrameLengthError, FrameMarkerError, TrailingBytesError, TruncatedFrameError

__all__ = ["MAXIMUM_LENGTH", "BinaryFile", "Marker", "read_frames", "write_frame"]

#: The longest message that a frame can announce, in bytes: what protobuf itself can hold.
MAXIMUM_LENGTH = 2**31 - 1

# Memory grows with what has arrived, so that a false length costs no more than this.
_READ_AHEAD = 64 * 1024 * 1024

_VARINT32_BYTES = 5


class Marker(IntEnum):
    """The first byte of a frame: it says how the length is written."""

    VARINT = 0xFA
    FIXED = 0xFF


_MARKERS = frozenset(Marker)


@runtime_checkable
class BinaryFile(Protocol):
    """Anything that fills a buffer: an open file, a socket's file, an HTTP body."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer from its start; return how many bytes arrived, 0 at the end."""


def write_frame(message: bytes, marker: Marker = Marker.VARINT) -> bytes:
    """Put a serialized message into a frame.

    Parameters
    ----------
    message
        The serialized protobuf message.
    marker
        How to write the length.

    Raises
    ------
    FrameLengthError
        If the message is longer than a frame can say.
    """
    length = len(message)
    if length > MAXIMUM_LENGTH:
        raise FrameLengthError(f"a message of {length:,} bytes does not fit a frame: the limit is {MAXIMUM_LENGTH:,}")
    if marker is Marker.FIXED:
        return b"".join((bytes((marker,)), length.to_bytes(4, "big"), message))
    digits = bytearray((marker,))
    while length > 0x7F:
        digits.append(length & 0x7F | 0x80)
        length >>= 7
    digits.append(length)
    return b"".join((digits, message))


def read_frames(
    source: bytes | bytearray | memoryview | BinaryFile, *, maximum_length: int = MAXIMUM_LENGTH
) -> Iterator[memoryview]:
    """Read the messages of framed bytes, one after another, to the end.

    Parameters
    ----------
    source
        Framed bytes, or a file open for reading them.
    maximum_length
        The longest message to accept, in bytes.

    Yields
    ------
    memoryview
        Each frame's message. Of bytes it is a view; of a file it owns its memory.

    Raises
    ------
    FrameMarkerError
        If the first byte is no marker.
    FrameLengthError
        If a length is malformed, negative or above ``maximum_length``; no memory was taken for it.
    TruncatedFrameError
        If the source ends inside a frame, or is empty.
    TrailingBytesError
        If bytes that are no frame follow a whole one.
    """
    reader = _FileReader(source) if isinstance(source, BinaryFile) else _BytesReader(memoryview(source).cast("B"))
    marker = reader.read(1)
    if not marker:
        raise TruncatedFrameError("there is no frame: the source is empty")
    if marker[0] not in _MARKERS:
        raise FrameMarkerError(
            f"the first byte is 0x{marker[0]:02X}, no frame's marker (0xFA or 0xFF): no framed answer"
        )
    while marker:
        message = _read_message(reader, Marker(marker[0]), maximum_length)
        # What follows is looked at first: a length that is too short must not pass for a frame.
        marker = reader.read(1)
        if marker and marker[0] not in _MARKERS:
            raise TrailingBytesError(
                f"byte {reader.offset - 1:,} is 0x{marker[0]:02X} where the next frame's marker (0xFA or 0xFF) or the "
                "end should be: the frame before it is shorter than it should be, or something follows it"
            )
        yield message


def _read_message(reader: _BytesReader | _FileReader, marker: Marker, maximum_length: int) -> memoryview:
    """Read a frame whose marker has just been read."""
    offset = reader.offset - 1
    length = _read_varint(reader, offset) if marker is Marker.VARINT else _read_fixed(reader, offset)
    if length > maximum_length:
        raise FrameLengthError(
            f"the frame at byte {offset:,} announces {length:,} bytes: the limit is {maximum_length:,}"
        )
    message = reader.read(length)
    if len(message) < length:
        raise TruncatedFrameError(
            f"the frame at byte {offset:,} announces {length:,} bytes and {len(message):,} arrived: "
            "the answer was cut short, ask again"
        )
    return message


def _read_fixed(reader: _BytesReader | _FileReader, offset: int) -> int:
    digits = reader.read(4)
    if len(digits) < 4:
        raise TruncatedFrameError(f"the source ends inside the length of the frame at byte {offset:,}")
    length = int.from_bytes(digits, "big", signed=True)
    if length < 0:
        raise FrameLengthError(f"the frame at byte {offset:,} announces a negative length, {length:,}")
    return length


def _read_varint(reader: _BytesReader | _FileReader, offset: int) -> int:
    length = 0
    for position in range(_VARINT32_BYTES):
        digit = reader.read(1)
        if not digit:
            raise TruncatedFrameError(f"the source ends inside the length of the frame at byte {offset:,}")
        length |= (digit[0] & 0x7F) << 7 * position
        if digit[0] < 0x80:
            if length >= 2**31:
                raise FrameLengthError(f"the frame at byte {offset:,} announces {length:,} bytes, more than 31 bits")
            return length
    raise FrameLengthError(f"the length of the frame at byte {offset:,} is no varint of at most 5 bytes")


class _BytesReader:
    """Reads views of bytes at hand."""

    def __init__(self, source: memoryview) -> None:
        self._source = source
        self.offset = 0

    def read(self, count: int) -> memoryview:
        """Return the next bytes, fewer at the end."""
        view = self._source[self.offset : self.offset + count]
        self.offset += len(view)
        return view


class _FileReader:
    """Reads a file into memory of its own."""

    def __init__(self, source: BinaryFile) -> None:
        self._source = source
        self.offset = 0

    def read(self, count: int) -> memoryview:
        """Return the next bytes, fewer at the end."""
        buffer = bytearray(min(count, _READ_AHEAD))
        filled = 0
        while filled < count:
            if filled == len(buffer):
                buffer.extend(bytes(min(count - filled, len(buffer))))
            with memoryview(buffer) as view:
                arrived = self._source.readinto(view[filled:])
            if not arrived:
                break
            filled += arrived
        self.offset += filled
        return memoryview(buffer)[:filled]
