"""The packages on PyPI that turn protobuf into Arrow, each used in the fastest way found through its public API."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import protarrow
import ptars
import pyarrow as pa
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor

from benchmarks.by_hand import lists, message_start
from tickframe.wire.contract import DataResponse

__all__ = ["protarrow_to_table", "ptars_to_table"]

# They lead from Value back to Value: ptars builds no schema that contains itself. No frame here has them.
_RECURSIVE_MEMBERS = {"Value": {"object", "list"}, "ValueList": {"mixed_list"}}


def ptars_to_table(framed: bytes) -> pa.Table:
    """Decode with ptars; nulls stay sentinels, strings are plain.

    The message is handed over as an Arrow binary array around the frame's own bytes: a list of bytes would need a
    slice of the frame first, and takes ptars a fifth to a half longer.
    """
    offsets = np.array([message_start(framed), len(framed)], dtype=np.int32)
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
        for position, here in enumerate(of_kind.is_valid().to_pylist()):
            if here:
                arrays[names[position]] = values[position].values
    return pa.table(arrays)


def protarrow_to_table(framed: bytes) -> pa.Table:
    """Parse with protobuf and convert each column's list message with protarrow; nulls stay sentinels.

    Converting the whole DataResponse gives nested columns and takes longer.
    """
    arrays = {}
    for name, values in lists(framed).items():
        arrays[name] = protarrow.messages_to_record_batch([values], type(values)).column("values").values
    return pa.table(arrays)


@cache
def _ptars_handler() -> ptars.internal.MessageHandler:
    descriptor = _without_recursion(DataResponse.DESCRIPTOR)
    return ptars.HandlerPool([descriptor.file]).get_for_message(descriptor)


def _without_recursion(descriptor: Any) -> Descriptor:
    """Compile the contract anew without its recursive members: all else keeps its number, so the same bytes parse."""
    pool = descriptor_pool.DescriptorPool()
    for file in (*descriptor.file.dependencies, descriptor.file):
        reduced = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(reduced)
        for message in reduced.message_type:
            dropped = _RECURSIVE_MEMBERS.get(message.name, set())
            kept = [field for field in message.field if field.name not in dropped]
            del message.field[:]
            message.field.extend(kept)
        pool.Add(reduced)
    return pool.FindMessageTypeByName(descriptor.full_name)
