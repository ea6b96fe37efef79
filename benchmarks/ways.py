"""Every way of reading a frame that is measured, and what it delivers."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from benchmarks.by_hand import lists_to_dataframe, lists_to_table, views_to_table
from benchmarks.frames import Answer
from benchmarks.peers import protarrow_to_table, ptars_to_table
from tickframe.arrow_to_pandas import to_dataframe
from tickframe.wire import reader
from tickframe.wire.frames import BinaryFile
from tickframe.wire.reader import read_batches

__all__ = [
    "COPY",
    "FALLBACK",
    "LISTS",
    "OURS",
    "OURS_TO_PANDAS",
    "PTARS",
    "STREAMED",
    "VIEWS",
    "WAYS",
    "Product",
    "Way",
]


class Product(Enum):
    """What a way ends with."""

    BYTES = "a copy of the bytes"
    ARROW = "Arrow"
    DATAFRAME = "DataFrame"


@dataclass(frozen=True)
class Way:
    """A way of reading a frame.

    Attributes
    ----------
    name
        What it is called in the results.
    product
        What it ends with.
    run
        Reads framed bytes of an answer.
    nulls
        Whether nulls are nulls, and not sentinels.
    labels
        Whether strings out of few are stored once each.
    types
        Whether dates and times of day have types of their own, and are not integers.
    most_rows
        The longest answer that it is given.
    remark
        How it works.
    """

    name: str
    product: Product
    run: Callable[[bytes, Answer], Any]
    nulls: bool
    labels: bool
    types: bool
    most_rows: int
    remark: str


def ours(source: bytes | BinaryFile, answer: Answer) -> pa.Table:
    """Decode with the package as it is installed."""
    return pa.Table.from_batches(read_batches(source, answer.columns))


def fallback(source: bytes | BinaryFile, answer: Answer) -> pa.Table:
    """Decode with the package as it is where nothing could be compiled."""
    with patch.object(reader, "kernel", None):
        return pa.Table.from_batches(read_batches(source, answer.columns))


def ours_to_dataframe(framed: bytes, answer: Answer) -> pd.DataFrame:
    """Decode and convert with the package."""
    # The table is nobody else's, as in Query.to_pandas.
    return to_dataframe(ours(framed, answer), timestamp=answer.timestamp, consume=True)


def copy(framed: bytes, _: Answer) -> bytes:
    """Copy the bytes into memory of Python's own."""
    return bytes(memoryview(framed))


def numpy_copy(framed: bytes, _: Answer) -> npt.NDArray[np.uint8]:
    """Copy the bytes into memory of NumPy's, which asks the system for large pages."""
    return np.frombuffer(framed, dtype=np.uint8).copy()


def fresh_copy(framed: bytes, _: Answer) -> mmap.mmap:
    """Copy the bytes into pages that the system has just given."""
    pages = mmap.mmap(-1, len(framed), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    pages[:] = framed
    return pages


_MILLION = 1_000_000
_ALL = 10 * _MILLION

COPY = Way(
    "a copy of the bytes",
    Product.BYTES,
    copy,
    nulls=False,
    labels=False,
    types=False,
    most_rows=_ALL,
    remark="`bytes(memoryview(framed))`: into memory that malloc has at hand, or else fresh",
)
NUMPY_COPY = Way(
    "a copy by NumPy",
    Product.BYTES,
    numpy_copy,
    nulls=False,
    labels=False,
    types=False,
    most_rows=_ALL,
    remark="for information: NumPy asks for large pages, so that fresh memory costs less",
)
FRESH_COPY = Way(
    "a copy into fresh pages",
    Product.BYTES,
    fresh_copy,
    nulls=False,
    labels=False,
    types=False,
    most_rows=_ALL,
    remark="for information: an anonymous `mmap`, whose pages are new each time",
)
OURS = Way(
    "tickframe",
    Product.ARROW,
    ours,
    nulls=True,
    labels=True,
    types=True,
    most_rows=_ALL,
    remark="`read_batches`",
)
FALLBACK = Way(
    "tickframe, nothing compiled",
    Product.ARROW,
    fallback,
    nulls=True,
    labels=True,
    types=True,
    most_rows=_ALL,
    remark="the fallback: protobuf parses, NumPy converts",
)
PTARS = Way(
    "ptars",
    Product.ARROW,
    lambda framed, _: ptars_to_table(framed),
    nulls=False,
    labels=False,
    types=False,
    most_rows=_MILLION,
    remark="Rust; `array_to_record_batch` without a copy of the frame, then the columns out of the nested map",
)
VIEWS = Way(
    "NumPy views by hand",
    Product.ARROW,
    lambda framed, _: views_to_table(framed),
    nulls=False,
    labels=False,
    types=False,
    most_rows=_MILLION,
    remark="protobuf parses, `np.asarray` of every field, a list for strings",
)
PROTARROW = Way(
    "protarrow",
    Product.ARROW,
    lambda framed, _: protarrow_to_table(framed),
    nulls=False,
    labels=False,
    types=False,
    most_rows=_MILLION,
    remark="protobuf parses, `messages_to_record_batch` of every column",
)
LISTS = Way(
    "lists by hand",
    Product.ARROW,
    lambda framed, _: lists_to_table(framed),
    nulls=False,
    labels=False,
    types=False,
    most_rows=_MILLION,
    remark="protobuf parses, `pa.table` of a list each",
)
OURS_TO_PANDAS = Way(
    "tickframe to DataFrame",
    Product.DATAFRAME,
    ours_to_dataframe,
    nulls=True,
    labels=True,
    types=True,
    most_rows=_MILLION,
    remark="`read_batches`, then `to_dataframe` with a `DatetimeIndex`",
)
LISTS_TO_PANDAS = Way(
    "lists by hand to DataFrame",
    Product.DATAFRAME,
    lambda framed, _: lists_to_dataframe(framed),
    nulls=False,
    labels=False,
    types=False,
    most_rows=_MILLION,
    remark="protobuf parses, `pd.DataFrame` of a list each: date and time stay integers",
)

#: In the order of a round, and of the results: what the targets compare stands close together.
WAYS = (
    COPY,
    NUMPY_COPY,
    FRESH_COPY,
    OURS,
    OURS_TO_PANDAS,
    FALLBACK,
    PTARS,
    VIEWS,
    PROTARROW,
    LISTS,
    LISTS_TO_PANDAS,
)

#: What reads a file open for reading as it reads bytes: the rest needs all bytes first.
STREAMED: Mapping[str, Callable[[BinaryFile, Answer], pa.Table]] = {OURS.name: ours, FALLBACK.name: fallback}
