"""The official parser: the definition of what bytes mean, and the way for all that is not canonical.

It also runs where no compiled kernel is, with NumPy views of its lists.
"""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
from google.protobuf.message import DecodeError as ProtobufDecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from tickframe.contract import DataResponse
from tickframe.decode.columns import list_to_array
from tickframe.decode.wire import column_names
from tickframe.errors import DecodeError

__all__ = ["parse", "read_arrays"]

_META = DataResponse.DESCRIPTOR.fields_by_name["meta"].number


def parse(message: bytes | bytearray | memoryview) -> DataResponse:
    """Parse a message.

    Raises
    ------
    DecodeError
        If it is no ``DataResponse``, or an entry of its meta would vanish.
    """
    try:
        parsed = DataResponse.FromString(bytes(message))
    except ProtobufDecodeError as error:
        raise DecodeError(
            f"a frame of {len(message):,} bytes holds no DataResponse: {error}: check base_url "
            "and path_template, or report it to the service's support"
        ) from error
    unknown = UnknownFieldSet(parsed)
    if any(unknown[place].field_number == _META for place in range(len(unknown))):
        raise DecodeError(
            "an entry of the answer's meta, such as the next page's cursor, would vanish in protobuf: "
            "report it to the service's support"
        )
    return parsed


def read_arrays(message: memoryview, labels: Collection[str]) -> tuple[dict[str, pa.Array], DataResponse]:
    """Return the columns of a message in the order of the wire, and the message.

    Parameters
    ----------
    message
        The whole message.
    labels
        The columns whose strings are stored once each.

    Raises
    ------
    DecodeError
        If it is no ``DataResponse``, or a column cannot be read.
    """
    parsed = parse(message)
    table = parsed.data.columns
    names = column_names(message)
    return {name: list_to_array(table[name], name, label=name in labels) for name in names}, parsed
