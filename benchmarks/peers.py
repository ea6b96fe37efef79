"""Other ways to read a frame: code as written by hand after reading the contract, and packages on PyPI.

Nulls stay sentinels, strings are plain, and dates and times stay integers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import protarrow
import ptars
import pyarrow as pa
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor
from google.protobuf.internal.decoder import _DecodeVarint32  # type: ignore[attr-defined]

from tickframe.wire.contract import DataResponse

# These fields lead from Value back to Value: ptars builds no recursive schema. No frame here uses them.
_RECURSIVE_FIELDS = {"Value": {"object", "list"}, "ValueList": {"mixed_list"}}


def lists_to_table(framed: bytes) -> pa.Table:
    """Build an Arrow table from Python lists."""
    return pa.table({name: list(each.values) for name, each in _list_messages(framed).items()})


def lists_to_dataframe(framed: bytes) -> pd.DataFrame:
    """Build a DataFrame from Python lists."""
    return pd.DataFrame({name: list(each.values) for name, each in _list_messages(framed).items()})


def views_to_table(framed: bytes) -> pa.Table:
    """Build an Arrow table from NumPy views of the fields, and from lists of strings."""
    arrays = {}
    for name, each in _list_messages(framed).items():
        field = each.values
        # NumPy would copy strings into an array of fixed width.
        is_text = bool(field) and isinstance(field[0], str)
        arrays[name] = pa.array(list(field), pa.string()) if is_text else pa.array(np.asarray(field))
    return pa.table(arrays)


def protarrow_to_table(framed: bytes) -> pa.Table:
    """Parse with protobuf, and convert the list message of each column with protarrow.

    Converting the whole DataResponse gives nested columns and takes longer.
    """
    arrays = {}
    for name, each in _list_messages(framed).items():
        arrays[name] = protarrow.messages_to_record_batch([each], type(each)).column("values").values
    return pa.table(arrays)


def ptars_to_table(framed: bytes) -> pa.Table:
    """Decode with ptars.

    The message is passed as an Arrow binary array around the bytes of the frame: a list of bytes needs a slice of the
    frame first, and takes ptars 20% to 50% longer.
    """
    offsets = np.array([_message_start(framed), len(framed)], dtype=np.int32)
    message = pa.BinaryArray.from_buffers(pa.binary(), 1, [None, pa.py_buffer(offsets), pa.py_buffer(framed)])
    columns = _ptars_handler().array_to_record_batch(message).column("data").field("columns")
    names = columns.keys.to_pylist()
    lists = columns.items
    arrays = {}
    for kind in range(lists.type.num_fields):
        of_kind = lists.field(kind)
        if of_kind.null_count == len(of_kind):
            continue
        values = of_kind.field("values")
        for position, is_valid in enumerate(of_kind.is_valid().to_pylist()):
            if is_valid:
                arrays[names[position]] = values[position].values
    return pa.table(arrays)


def _message_start(framed: bytes) -> int:
    """Return the offset of the message in a frame with a varint length."""
    size, start = _DecodeVarint32(framed, 1)
    if start + size != len(framed):
        raise ValueError(f"expected one complete frame: {len(framed) - start:,} bytes instead of {size:,}")
    return int(start)


def _list_messages(framed: bytes) -> dict[str, Any]:
    """Parse with protobuf and return the list message of each column."""
    # protobuf reads a view as it reads bytes; a slice would copy the whole response.
    message = DataResponse.FromString(memoryview(framed)[_message_start(framed) :])  # type: ignore[arg-type]
    return {name: getattr(values, values.WhichOneof("list_type")) for name, values in message.data.columns.items()}


@cache
def _ptars_handler() -> ptars.internal.MessageHandler:
    descriptor = _without_recursion(DataResponse.DESCRIPTOR)
    return ptars.HandlerPool([descriptor.file]).get_for_message(descriptor)


def _without_recursion(descriptor: Any) -> Descriptor:
    """Return the contract without its recursive fields: the others keep their numbers, so the same bytes parse."""
    pool = descriptor_pool.DescriptorPool()
    for file in (*descriptor.file.dependencies, descriptor.file):
        reduced = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(reduced)
        for message in reduced.message_type:
            dropped = _RECURSIVE_FIELDS.get(message.name, set())
            kept = [field for field in message.field if field.name not in dropped]
            del message.field[:]
            message.field.extend(kept)
        pool.Add(reduced)
    return pool.FindMessageTypeByName(descriptor.full_name)
