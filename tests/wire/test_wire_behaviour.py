"""The official parser's odd cases, replayed through whole frames."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from tickframe.errors import DecodeError
from tickframe.wire import contract
from tickframe.wire.contract import DataResponse, types_pb2
from tickframe.wire.frames import write_frame
from tickframe.wire.reader import read_batches

# A column that is there in the bytes and not in the parser's answer, or whose values are.
VANISHING = {"M10", "M11", "M13", "M14", "O08", "W07", "W08"}

# A list of mixed kinds, for which there is no Arrow type.
MIXED = {"O15"}


def length_delimited(number: int, body: bytes) -> bytes:
    length, digits = len(body), bytearray()
    while length > 0x7F:
        digits.append(length & 0x7F | 0x80)
        length >>= 7
    digits.append(length)
    return bytes([number << 3 | 2]) + bytes(digits) + body


def message_kind(name: str) -> type:
    return getattr(types_pb2, name, None) or getattr(contract, name)


def response_around(name: str, body: bytes) -> bytes | None:
    """Return a response with the case's bytes in their place; None for what holds no column."""
    lists = types_pb2.ValueList.DESCRIPTOR.fields
    numbers = {field.message_type.name: field.number for field in lists}
    if name in numbers:
        name, body = "ValueList", length_delimited(numbers[name], body)
    if name == "Value":
        name, body = "ValueList", length_delimited(15, length_delimited(1, body))
    if name == "ValueList":
        name, body = "Table", length_delimited(1, length_delimited(1, b"a") + length_delimited(2, body))
    if name == "Table":
        name, body = "DataResponse", length_delimited(2, body)
    return body if name == "DataResponse" else None


def official(body: bytes) -> DataResponse | None:
    try:
        return DataResponse.FromString(body)
    except Exception:  # noqa: BLE001, whatever the parser raises is a rejection
        return None


def test_every_case_is_decoded_as_the_official_parser_says(specification: Path) -> None:
    cases = json.loads((specification / "wire_behaviour.json").read_text())
    assert len(cases) == 148
    replayed = 0
    for case in cases:
        body = response_around(case["message"], bytes.fromhex(case["hex"]))
        if body is None:
            continue
        replayed += 1
        parsed = official(body)
        if parsed is None or case["id"] in VANISHING | MIXED:
            with pytest.raises(DecodeError):
                list(read_batches(write_frame(body)))
            continue
        try:
            [batch] = read_batches(write_frame(body))
        except DecodeError as error:
            pytest.fail(f"{case['id']} ({case['what']}): {error}")
        again = canonical(parsed)
        assert set(batch.schema.names) == set(parsed.data.columns), case["id"]
        if again is not None:
            assert batch.equals(again.select(batch.schema.names)), case["id"]
    assert replayed > 130


def canonical(parsed: DataResponse) -> pa.RecordBatch | None:
    """Decode what the parser made of the bytes, written anew without its unknown fields."""
    parsed.DiscardUnknownFields()
    [batch] = read_batches(write_frame(parsed.SerializeToString()))
    return batch
