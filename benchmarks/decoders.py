"""Everything that is compared on a frame: decoders, and copies of the bytes as a baseline."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.frames import ResponseKind
from benchmarks.peers import lists_to_dataframe, lists_to_table, protarrow_to_table, ptars_to_table, views_to_table
from tickframe.arrow_to_pandas import to_dataframe
from tickframe.timestamps import TIMESTAMP, TimestampColumn
from tickframe.wire import reader
from tickframe.wire.frames import BinaryFile


class Product(Enum):
    """The result of a decoder."""

    BYTES = "a copy of the bytes"
    ARROW = "Arrow"
    DATAFRAME = "DataFrame"


@dataclass(frozen=True)
class Decoder:
    """A way to read a frame.

    Attributes
    ----------
    name
        Its name in the results.
    product
        The kind of result.
    decode
        Reads framed bytes.
    how
        How it works.
    typed
        Whether nulls, repeated strings, dates and times have types of their own: nulls are not sentinels, strings
        from a small set are dictionaries, dates and times are not integers.
    most_rows
        The longest frame that it is run on.
    """

    name: str
    product: Product
    decode: Callable[[bytes, ResponseKind], Any]
    how: str
    typed: bool = False
    most_rows: int = 1_000_000


def _tickframe(source: bytes | BinaryFile, kind: ResponseKind) -> pa.Table:
    return pa.Table.from_batches(reader.read_batches(source, kind.columns))


def _tickframe_without_kernel(source: bytes | BinaryFile, kind: ResponseKind) -> pa.Table:
    with patch.object(reader, "kernel", None):
        return _tickframe(source, kind)


def _tickframe_to_dataframe(framed: bytes, kind: ResponseKind) -> pd.DataFrame:
    # Nothing else uses the table, as in Query.to_pandas.
    batches = reader.read_batches(framed, kind.columns)
    if kind.timestamp is None:
        return to_dataframe(pa.Table.from_batches(batches), consume=True)
    timestamp = TimestampColumn(*kind.timestamp)
    table = pa.Table.from_batches([timestamp.convert(batch) for batch in batches])
    return to_dataframe(table, index=TIMESTAMP, consume=True)


def _copy_to_new_pages(framed: bytes, _: ResponseKind) -> mmap.mmap:
    pages = mmap.mmap(-1, len(framed), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    pages[:] = framed
    return pages


_LONGEST = 10_000_000

COPY = Decoder(
    "copy of the bytes",
    Product.BYTES,
    lambda framed, _: bytes(memoryview(framed)),
    "`bytes(memoryview(framed))`, into reused memory if malloc has it, else into new pages",
    most_rows=_LONGEST,
)
NUMPY_COPY = Decoder(
    "NumPy copy",
    Product.BYTES,
    lambda framed, _: np.frombuffer(framed, dtype=np.uint8).copy(),
    "for comparison: NumPy requests huge pages, which makes new memory cheaper",
    most_rows=_LONGEST,
)
NEW_PAGES_COPY = Decoder(
    "copy to new pages",
    Product.BYTES,
    _copy_to_new_pages,
    "for comparison: an anonymous `mmap`, new pages each time",
    most_rows=_LONGEST,
)
TICKFRAME = Decoder(
    "tickframe", Product.ARROW, _tickframe, "`read_batches` with the kernel", typed=True, most_rows=_LONGEST
)
TICKFRAME_WITHOUT_KERNEL = Decoder(
    "tickframe without kernel",
    Product.ARROW,
    _tickframe_without_kernel,
    "the fallback: protobuf parses, NumPy converts",
    typed=True,
    most_rows=_LONGEST,
)
TICKFRAME_TO_DATAFRAME = Decoder(
    "tickframe to DataFrame",
    Product.DATAFRAME,
    _tickframe_to_dataframe,
    "`read_batches`, then `to_dataframe` with a `DatetimeIndex`",
    typed=True,
)
PTARS = Decoder(
    "ptars",
    Product.ARROW,
    lambda framed, _: ptars_to_table(framed),
    "Rust; `array_to_record_batch` without a copy of the frame, then the columns from the nested map",
)
VIEWS = Decoder(
    "NumPy views by hand",
    Product.ARROW,
    lambda framed, _: views_to_table(framed),
    "protobuf parses, `np.asarray` of each field, a list for strings",
)
PROTARROW = Decoder(
    "protarrow",
    Product.ARROW,
    lambda framed, _: protarrow_to_table(framed),
    "protobuf parses, `messages_to_record_batch` of each column",
)
LISTS = Decoder(
    "lists by hand",
    Product.ARROW,
    lambda framed, _: lists_to_table(framed),
    "protobuf parses, `pa.table` of Python lists",
)
LISTS_TO_DATAFRAME = Decoder(
    "lists by hand to DataFrame",
    Product.DATAFRAME,
    lambda framed, _: lists_to_dataframe(framed),
    "protobuf parses, `pd.DataFrame` of Python lists; date and time stay integers",
)

#: In the order of a round and of the results: what the targets compare is run close together.
DECODERS = (
    COPY,
    NUMPY_COPY,
    NEW_PAGES_COPY,
    TICKFRAME,
    TICKFRAME_TO_DATAFRAME,
    TICKFRAME_WITHOUT_KERNEL,
    PTARS,
    VIEWS,
    PROTARROW,
    LISTS,
    LISTS_TO_DATAFRAME,
)

#: Decoders that read from a file as it arrives; the others need all bytes first.
STREAMING: Mapping[str, Callable[[BinaryFile, ResponseKind], pa.Table]] = {
    TICKFRAME.name: _tickframe,
    TICKFRAME_WITHOUT_KERNEL.name: _tickframe_without_kernel,
}
