"""The committed contract matches the .proto files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import descriptor_pool

from tickframe.wire.contract import DataResponse, types_pb2

ROOT = Path(__file__).parent.parent.parent
GENERATED = ROOT / "src" / "tickframe" / "wire" / "contract"


def test_regenerating_the_contract_changes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="protoc comes with grpcio-tools, which pins a newer protobuf")
    subprocess.run([sys.executable, ROOT / "proto" / "generate.py", tmp_path], check=True)
    fresh = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert set(fresh) == {"types_pb2.py", "types_pb2.pyi", "api_data_pb2.py", "api_data_pb2.pyi"}
    for name, text in fresh.items():
        assert text == (GENERATED / name).read_text(), f"{name} differs: run python proto/generate.py"


def test_the_contract_stays_out_of_the_process_wide_pool() -> None:
    """The vendor's library can register the same names in the same process."""
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName("xyt.DataResponse")


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ("DataResponse", {"header": 1, "data": 2, "meta": 3}),
        ("ResponseHeader", {"request_id": 1, "reference_id": 2, "warning_message": 4}),
        ("Date", {"days": 10}),
        (
            "Value",
            {
                "string_value": 1,
                "integer_value": 2,
                "double_value": 3,
                "bool_value": 4,
                "date_value": 5,
                "time_value": 6,
                "days_value": 8,
                "milliseconds_value": 9,
                "nanoseconds_value": 10,
                "timestamp_value": 11,
                "object": 14,
                "list": 15,
            },
        ),
        (
            "ValueList",
            {
                "string_list": 1,
                "integer_list": 2,
                "double_list": 3,
                "bool_list": 4,
                "date_list": 5,
                "time_list": 6,
                "days_list": 8,
                "milliseconds_list": 9,
                "nanoseconds_list": 10,
                "timestamps_list": 11,
                "mixed_list": 15,
            },
        ),
    ],
)
def test_field_numbers_are_the_documented_ones(message: str, fields: dict[str, int]) -> None:
    kind = DataResponse if message == "DataResponse" else getattr(types_pb2, message)
    assert {field.name: field.number for field in kind.DESCRIPTOR.fields} == fields
