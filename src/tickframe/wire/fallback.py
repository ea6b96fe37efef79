"""The official protobuf parser: it defines what a message means, and decodes where the kernel cannot."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pyarrow as pa
from google.protobuf.message import DecodeError as ProtobufDecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from tickframe.errors import DecodeError
from tickframe.wire.contract import DataResponse
from tickframe.wire.fields import Field, WireType, read_fields
from tickframe.wire.layout import COLUMNS, DATA, KEY, META, VALUE
from tickframe.wire.limits import ResponseLimit
from tickframe.wire.lists import list_to_array


def read_arrays(
    message: memoryview, labels: Collection[str], limit: ResponseLimit
) -> tuple[dict[str, pa.Array], DataResponse]:
    """Return the columns of a message in the order of the wire, and the parsed message.

    Parameters
    ----------
    message
        The complete message.
    labels
        The columns whose strings become dictionaries.
    limit
        What the columns may take in memory.

    Raises
    ------
    DecodeError
        If it is not a ``DataResponse``, a column cannot be read, or they take too much memory.
    """
    parsed = parse(message)
    table = parsed.data.columns
    arrays: dict[str, pa.Array] = {}
    for name in column_names(message):
        arrays[name] = list_to_array(table[name], name, label=name in labels)
        limit.add_columns(arrays[name])
    return arrays, parsed


def parse(message: bytes | bytearray | memoryview) -> DataResponse:
    """Parse a message.

    Raises
    ------
    DecodeError
        If it is not a ``DataResponse``, or protobuf drops an entry of its metadata.
    """
    try:
        parsed = DataResponse.FromString(bytes(message))
    except ProtobufDecodeError as error:
        raise DecodeError(
            f"a frame of {len(message):,} bytes does not hold a DataResponse ({error}): check base_url "
            "and path_template, or report it to the service's support"
        ) from error
    unknown = UnknownFieldSet(parsed)
    if any(unknown[place].field_number == META for place in range(len(unknown))):
        raise DecodeError(
            "protobuf would drop an entry of the response's meta, such as the next page's cursor: "
            "report it to the service's support"
        )
    return parsed


def column_names(message: memoryview) -> list[str]:
    """Return the names of a response's columns in the order of the wire, each once.

    Parameters
    ----------
    message
        A serialized ``DataResponse`` that the official parser has accepted.

    Raises
    ------
    DecodeError
        If a column's map entry holds anything but its key and its value. By default protobuf drops
        such an entry, and the column would silently be missing.
    """
    tables = _length_delimited(message, 0, len(message), DATA)
    entries = (entry for table in tables for entry in _length_delimited(message, table.start, table.end, COLUMNS))
    return list(dict.fromkeys(_entry_key(message, entry) for entry in entries))


def _length_delimited(message: memoryview, start: int, end: int, number: int) -> Iterator[Field]:
    for field in read_fields(message, start, end):
        if field.number == number and field.wire_type is WireType.LENGTH_DELIMITED:
            yield field


def _entry_key(message: memoryview, entry: Field) -> str:
    key = ""
    unexpected = None
    for field in read_fields(message, entry.start, entry.end):
        if field.number not in (KEY, VALUE) or field.wire_type is not WireType.LENGTH_DELIMITED:
            unexpected = field
        elif field.number == KEY:
            key = str(message[field.start : field.end], "utf-8", "replace")
    if unexpected is not None:
        raise DecodeError(
            f"protobuf would drop column {key!r}: its map entry also holds field {unexpected.number} of wire type "
            f"{unexpected.wire_type.value}; report it to the service's support",
            column=key,
        )
    return key
