"""The seal of an entry: checksums of every byte, which are checked before Parquet reads one.

Parquet's page checksums leave out page headers and the footer. A flipped bit there can pass as other
data, or end the process that reads it. So a seal stands in the gap that Parquet allows between the
last row group and the footer, which readers pass over: the end and the CRC-32 of each row group, for
those who read some of them only, and the CRC-32 of all else.

::

    PAR1 | row groups | (end, CRC-32) of each | their number, CRC-32 of the rest | footer | its length | PAR1
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa
import pyarrow.parquet as pq

_MAGIC = b"PAR1"
_TAIL = struct.Struct("<I4s")
_SEALED_GROUP = struct.Struct("<QI")
_SEAL = struct.Struct("<II")


class InvalidEntryError(Exception):
    """The bytes are no entry, or not the one that is looked for; it never reaches a user."""


@dataclass(frozen=True, slots=True)
class SealedGroup:
    """Where a row group stands in the file, and its checksum."""

    at: int
    start: int
    end: int
    crc: int

    def check(self, data: memoryview) -> None:
        """Compare the bytes of the row group with its checksum.

        Raises
        ------
        InvalidEntryError
            If a bit of them is wrong.
        """
        if zlib.crc32(data) != self.crc:
            raise InvalidEntryError(f"row group {self.at} is damaged")


def sealed(data: pa.Buffer) -> pa.Buffer:
    """Return a Parquet file with its seal in the gap before the footer."""
    view = memoryview(data)
    footer = len(view) - _TAIL.size - _TAIL.unpack(view[-_TAIL.size :])[0]
    bounds = _bounds(pq.read_metadata(pa.BufferReader(data)), footer)
    groups = b"".join(_SEALED_GROUP.pack(end, zlib.crc32(view[start:end])) for start, end in pairwise(bounds))
    count = len(bounds) - 1
    seal = _SEAL.pack(count, _crc_of_rest(count, groups, view[footer:]))
    return pa.py_buffer(b"".join((view[:footer], groups, seal, view[footer:])))


def _bounds(metadata: pq.FileMetaData, end: int) -> list[int]:
    """Return where each row group begins, and where the last one ends."""
    if not metadata.num_columns or not metadata.num_row_groups:
        return [len(_MAGIC)]
    later = [
        min(_start(metadata.row_group(at).column(column)) for column in range(metadata.num_columns))
        for at in range(1, metadata.num_row_groups)
    ]
    return [len(_MAGIC), *later, end]


def _start(chunk: pq.ColumnChunkMetaData) -> int:
    offset = chunk.dictionary_page_offset
    return int(chunk.data_page_offset if offset is None else min(offset, chunk.data_page_offset))


def _crc_of_rest(count: int, groups: bytes, footer: bytes | memoryview) -> int:
    crc = zlib.crc32(_MAGIC)
    for piece in (groups, count.to_bytes(4, "little"), footer):
        crc = zlib.crc32(piece, crc)
    return crc


def read_seal(data: pa.NativeFile) -> list[SealedGroup]:
    """Check what stands around the row groups, and return where they are.

    Raises
    ------
    InvalidEntryError
        If the bytes have no seal, or a broken one.
    """
    size = data.size()
    end = size - _TAIL.size
    footer = end - _TAIL.unpack(_read(data, end, size))[0]
    count, crc = _SEAL.unpack(_read(data, footer - _SEAL.size, footer))
    first = footer - _SEAL.size - count * _SEALED_GROUP.size
    groups = _read(data, first, footer - _SEAL.size)
    if _read(data, 0, len(_MAGIC)) != _MAGIC or _crc_of_rest(count, groups, _read(data, footer, size)) != crc:
        raise InvalidEntryError("it has no seal, or a broken one")
    ends, crcs = zip(*_SEALED_GROUP.iter_unpack(groups), strict=True) if count else ((), ())
    bounds = pairwise((len(_MAGIC), *ends))
    return [SealedGroup(at, start, end, crc) for at, ((start, end), crc) in enumerate(zip(bounds, crcs, strict=True))]


def _read(data: pa.NativeFile, start: int, end: int) -> bytes:
    if not 0 <= start <= end:
        raise InvalidEntryError("it is too short")
    data.seek(start)
    piece: bytes = data.read(end - start)
    if len(piece) != end - start:
        raise InvalidEntryError("it is too short")
    return piece
