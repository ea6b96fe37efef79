"""How large a response may be: its frames together, and its columns once they are decoded."""

from __future__ import annotations

import pyarrow as pa

from tickframe.errors import DecodeError, FrameLengthError

# Columns take at most nine times their bytes on the wire; documented ones that are missing add to that.
_DEFAULT_FACTOR = 16
_LEAST_DEFAULT = 256 * 1024 * 1024
# What Python and Arrow need for a frame and for a column, even without rows.
_FRAME_BYTES = 4096
_COLUMN_BYTES = 512


class ResponseLimit:
    """What one response may take. It counts, so each response needs its own.

    Parameters
    ----------
    maximum_length
        The most bytes that the frames of the response may have together; None for no limit.
    maximum_decoded_bytes
        The most bytes that its columns may take in memory, nulls of missing columns included. If omitted, 16 times the
        length of the frames, and at least 256 MiB.
    """

    def __init__(self, maximum_length: int | None = None, maximum_decoded_bytes: int | None = None) -> None:
        self._maximum_length = maximum_length
        self._maximum_decoded_bytes = maximum_decoded_bytes
        self._length = 0
        self._decoded = 0

    def add_frame(self, length: int) -> None:
        """Count a frame.

        Raises
        ------
        FrameLengthError
            If the frames are too long together.
        DecodeError
            If they are so many that they take too much memory.
        """
        self._length += length
        if self._maximum_length is not None and self._length > self._maximum_length:
            raise FrameLengthError(
                f"the response announces {self._length:,} bytes, but the limit is {self._maximum_length:,}: request "
                "less data at once, or raise maximum_length"
            )
        self._add(_FRAME_BYTES)

    def add_columns(self, *columns: pa.Array) -> None:
        """Count decoded columns.

        Raises
        ------
        DecodeError
            If the response takes too much memory.
        """
        self._add(sum(column.nbytes + _COLUMN_BYTES for column in columns))

    def _add(self, size: int) -> None:
        self._decoded += size
        limit = self._maximum_decoded_bytes
        if limit is None:
            limit = max(_LEAST_DEFAULT, _DEFAULT_FACTOR * self._length)
        if self._decoded > limit:
            raise DecodeError(
                f"the response takes {self._decoded:,} bytes in memory, for {self._length:,} bytes received, but the "
                f"limit is {limit:,}: request less data at once, or raise maximum_decoded_bytes"
            )
