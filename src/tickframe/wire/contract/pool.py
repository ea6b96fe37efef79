"""The descriptor pool of the contract, separate from the process-wide one.

The vendor's library registers files and messages of the same names in protobuf's default pool. With
a separate pool, both can be used in one process.
"""

from __future__ import annotations

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

_POOL = descriptor_pool.DescriptorPool()


def load(serialized: bytes) -> dict[str, object]:
    """Register a serialized ``FileDescriptorProto`` and build its classes.

    Parameters
    ----------
    serialized
        The descriptor that protoc wrote. The files that it imports must already be loaded.

    Returns
    -------
    dict
        What a generated module exports: ``DESCRIPTOR``, message classes, enums and enum values.
    """
    name = descriptor_pb2.FileDescriptorProto.FromString(serialized).name
    _POOL.AddSerializedFile(serialized)
    file = _POOL.FindFileByName(name)
    names: dict[str, object] = {"DESCRIPTOR": file}
    for message_name, message in file.message_types_by_name.items():
        names[message_name] = message_factory.GetMessageClass(message)
    for enum_name, enum in file.enum_types_by_name.items():
        names[enum_name] = EnumTypeWrapper(enum)
        names.update((value.name, value.number) for value in enum.values)
    return names
