"""Framed bytes to a DataFrame in the way that people write after reading a sample: parse, lists, frame."""

from __future__ import annotations

import pandas as pd
from google.protobuf.internal.decoder import _DecodeVarint32

from tickframe.contract import DataResponse


def lists_by_hand(framed: bytes) -> pd.DataFrame:
    """Parse with protobuf and build a DataFrame of Python lists; nulls stay sentinels."""
    size, start = _DecodeVarint32(framed, 1)
    message = DataResponse.FromString(framed[start : start + size])
    columns = {}
    for name, values in message.data.columns.items():
        columns[name] = list(getattr(values, values.WhichOneof("list_type")).values)
    return pd.DataFrame(columns)
