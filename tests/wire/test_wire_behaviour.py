"""Unusual cases of the official parser, decoded from frames."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from tests.wire.encodings import Canonical
from tickframe.errors import DecodeError
from tickframe.wire import contract
from tickframe.wire.contract import DataResponse, types_pb2
from tickframe.wire.frames import write_frame
from tickframe.wire.reader import read_batches

nest = Canonical().nest

# Columns or values that protobuf drops.
DROPPED = {"M10", "M11", "M13", "M14", "O08", "W07", "W08"}

# A list of several types, which no Arrow type can hold.
MIXED = {"O15"}


def message_kind(name: str) -> type:
    return getattr(types_pb2, name, None) or getattr(contract, name)


def response_around(name: str, body: bytes) -> bytes | None:
    """Return a response that contains the bytes of a case; None if there is no column for them."""
    lists = types_pb2.ValueList.DESCRIPTOR.fields
    numbers = {field.message_type.name: field.number for field in lists}
    if name in numbers:
        name, body = "ValueList", nest(numbers[name], body)
    if name == "Value":
        name, body = "ValueList", nest(15, nest(1, body))
    if name == "ValueList":
        name, body = "Table", nest(1, nest(1, b"a") + nest(2, body))
    if name == "Table":
        name, body = "DataResponse", nest(2, body)
    return body if name == "DataResponse" else None


def official(body: bytes) -> DataResponse | None:
    try:
        return DataResponse.FromString(body)
    except Exception:  # noqa: BLE001, any exception is a rejection
        return None


def test_every_case_is_decoded_as_by_the_official_parser(specification: Path) -> None:
    cases = json.loads((specification / "wire_behaviour.json").read_text())
    assert len(cases) == 148
    replayed = 0
    for case in cases:
        body = response_around(case["message"], bytes.fromhex(case["hex"]))
        if body is None:
            continue
        replayed += 1
        parsed = official(body)
        if parsed is None or case["id"] in DROPPED | MIXED:
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
    """Decode a parsed message, serialized again without its unknown fields."""
    parsed.DiscardUnknownFields()
    [batch] = read_batches(write_frame(parsed.SerializeToString()))
    return batch
