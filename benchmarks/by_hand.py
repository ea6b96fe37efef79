"""Framed bytes to Arrow and pandas in the ways that people write after reading a sample of the contract."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from google.protobuf.internal.decoder import _DecodeVarint32  # type: ignore[attr-defined]

from tickframe.wire.contract import DataResponse

__all__ = ["lists", "lists_to_dataframe", "lists_to_table", "message_start", "views_to_table"]


def message_start(framed: bytes) -> int:
    """Return where the message of a frame with a varint length begins."""
    size, start = _DecodeVarint32(framed, 1)
    if start + size != len(framed):
        raise ValueError("not one whole frame")
    return int(start)


def lists(framed: bytes) -> dict[str, Any]:
    """Parse with protobuf and return each column's list message by its name."""
    # A view: protobuf reads it as it reads bytes, and a slice would be a copy of the whole answer.
    message = DataResponse.FromString(memoryview(framed)[message_start(framed) :])  # type: ignore[arg-type]
    return {name: getattr(values, values.WhichOneof("list_type")) for name, values in message.data.columns.items()}


def lists_to_table(framed: bytes) -> pa.Table:
    """Make an Arrow table of Python lists; nulls stay sentinels."""
    return pa.table({name: list(each.values) for name, each in lists(framed).items()})


def lists_to_dataframe(framed: bytes) -> pd.DataFrame:
    """Make a DataFrame of Python lists; nulls stay sentinels."""
    return pd.DataFrame({name: list(each.values) for name, each in lists(framed).items()})


def views_to_table(framed: bytes) -> pa.Table:
    """Make an Arrow table of NumPy's views of the fields, and of lists for strings; nulls stay sentinels."""
    arrays = {}
    for name, each in lists(framed).items():
        field = each.values
        # NumPy has no cheap view of strings: it would make one of fixed width out of a list.
        is_text = bool(field) and isinstance(field[0], str)
        arrays[name] = pa.array(list(field), pa.string()) if is_text else pa.array(np.asarray(field))
    return pa.table(arrays)
