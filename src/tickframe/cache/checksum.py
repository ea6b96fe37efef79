"""Checksums of an entry: every byte is covered, and checked before the Parquet reader sees it.

Parquet's page checksums do not cover page headers and the footer. A flipped bit there can yield
wrong data or crash the process. The checksums are stored between the last row group and the footer,
which Parquet readers skip: end and CRC-32 of each row group, so that some can be read without the
others, and one CRC-32 of everything else.

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
_GROUP = struct.Struct("<QI")
_REST = struct.Struct("<II")


class InvalidEntryError(Exception):
    """A file is not a valid entry, or not the expected one. Users never see this error."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Position and checksum of a row group."""

    index: int
    start: int
    end: int
    crc: int

    def check(self, file: pa.NativeFile) -> None:
        """Compare the row group in a file with its checksum.

        Raises
        ------
        InvalidEntryError
            If they differ.
        """
        file.seek(self.start)
        if zlib.crc32(file.read_buffer(self.end - self.start)) != self.crc:
            raise InvalidEntryError(f"row group {self.index} is damaged")


def add_checksums(data: pa.Buffer) -> pa.Buffer:
    """Return a Parquet file with checksums before its footer."""
    view = memoryview(data)
    footer = len(view) - _TAIL.size - _TAIL.unpack(view[-_TAIL.size :])[0]
    bounds = _bounds(pq.read_metadata(pa.BufferReader(data)), footer)
    groups = b"".join(_GROUP.pack(end, zlib.crc32(view[start:end])) for start, end in pairwise(bounds))
    count = len(bounds) - 1
    rest = _REST.pack(count, _crc_of_rest(count, groups, view[footer:]))
    return pa.py_buffer(b"".join((view[:footer], groups, rest, view[footer:])))


def _bounds(metadata: pq.FileMetaData, end: int) -> list[int]:
    """Return the start of each row group and the end of the last one."""
    if not metadata.num_columns or not metadata.num_row_groups:
        return [len(_MAGIC)]
    later = [
        min(_start(metadata.row_group(index).column(column)) for column in range(metadata.num_columns))
        for index in range(1, metadata.num_row_groups)
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


def check_all_but_row_groups(file: pa.NativeFile) -> list[RowGroup]:
    """Compare everything but the row groups with its checksum, and return the row groups.

    Raises
    ------
    InvalidEntryError
        If the checksums are missing or differ.
    """
    size = file.size()
    end = size - _TAIL.size
    footer = end - _TAIL.unpack(_read(file, end, size))[0]
    count, crc = _REST.unpack(_read(file, footer - _REST.size, footer))
    first = footer - _REST.size - count * _GROUP.size
    groups = _read(file, first, footer - _REST.size)
    if _read(file, 0, len(_MAGIC)) != _MAGIC or _crc_of_rest(count, groups, _read(file, footer, size)) != crc:
        raise InvalidEntryError("checksums are missing or differ")
    ends, crcs = zip(*_GROUP.iter_unpack(groups), strict=True) if count else ((), ())
    bounds = pairwise((len(_MAGIC), *ends))
    return [RowGroup(index, *start_end, crc) for index, (start_end, crc) in enumerate(zip(bounds, crcs, strict=True))]


def _read(file: pa.NativeFile, start: int, end: int) -> bytes:
    if 0 <= start <= end:
        file.seek(start)
        piece: bytes = file.read(end - start)
        if len(piece) == end - start:
            return piece
    raise InvalidEntryError("the file is too short")
