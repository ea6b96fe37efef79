"""The sandbox answers a client that is written with requests and protobuf alone.

The client is written from the documentation: its contract and its framing are defined here, and it
shares nothing with the package.
"""

from __future__ import annotations

import struct

import requests
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tickframe.sandbox import Sandbox

STRING, INT64, DOUBLE, INT32, MESSAGE = 9, 3, 1, 5, 11
OPTIONAL, REPEATED = 1, 3


def sample_contract() -> tuple[type, type]:
    """Return the request and the response of the contract, as far as trades need them."""
    file = descriptor_pb2.FileDescriptorProto(name="sample.proto", package="sample", syntax="proto3")

    def message(name: str, **fields: tuple[int, int, int, str]) -> descriptor_pb2.DescriptorProto:
        added = file.message_type.add(name=name)
        for field, (number, kind, label, of) in fields.items():
            typed = added.field.add(name=field, number=number, type=kind, label=label)
            if of:
                typed.type_name = f".sample.{of}"
        return added

    def one_of(added: descriptor_pb2.DescriptorProto, name: str) -> None:
        added.oneof_decl.add(name=name)
        for field in added.field:
            field.oneof_index = 0

    def mapping(added: descriptor_pb2.DescriptorProto, field: str, number: int, of: str) -> None:
        entry_name = field.capitalize() + "Entry"
        entry = added.nested_type.add(name=entry_name)
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, type=STRING, label=OPTIONAL)
        entry.field.add(name="value", number=2, type=MESSAGE, label=OPTIONAL, type_name=f".sample.{of}")
        full = f".sample.{added.name}.{entry_name}"
        added.field.add(name=field, number=number, type=MESSAGE, label=REPEATED, type_name=full)

    for name, kind in {"Strings": STRING, "Integers": INT64, "Doubles": DOUBLE, "Days": INT32}.items():
        message(name, values=(1, kind, REPEATED, ""))
    one_of(message("Value", string_value=(1, STRING, OPTIONAL, "")), "type")
    lists = {"strings": (1, "Strings"), "integers": (2, "Integers"), "doubles": (3, "Doubles")}
    lists |= {"days": (8, "Days"), "nanoseconds": (10, "Integers")}
    one_of(
        message("ValueList", **{name: (number, MESSAGE, OPTIONAL, of) for name, (number, of) in lists.items()}), "list"
    )
    mapping(message("Table"), "columns", 1, "ValueList")
    mapping(message("DataRequest"), "parameters", 2, "Value")
    message("DataResponse", data=(2, MESSAGE, OPTIONAL, "Table"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return tuple(
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"sample.{name}"))
        for name in ("DataRequest", "DataResponse")
    )


def varint(value: int) -> bytes:
    digits = b""
    while value > 127:
        digits += struct.pack("B", value & 127 | 128)
        value >>= 7
    return digits + struct.pack("B", value)


def test_a_framed_request_with_a_bearer_token_gets_a_framed_response(sandbox: Sandbox) -> None:
    data_request, data_response = sample_contract()
    granted = requests.post(
        f"{sandbox.url}/auth/oauth/token",
        auth=("xyt", sandbox.client_secret),
        data={"grant_type": "password", "username": sandbox.user, "password": sandbox.password},
        timeout=10,
    )
    assert granted.status_code == 200
    request = data_request()
    query = {"source": "ACTIV", "symbol": "ZAL.XE", "day": "2016-05-05", "dataType": "TRADES", "toTime": "09:05:00.000"}
    for name, value in query.items():
        request.parameters[name].string_value = value
    message = request.SerializeToString()
    response = requests.post(
        f"{sandbox.url}/get/tickData",
        data=struct.pack("B", 0xFA) + varint(len(message)) + message,
        headers={
            "Authorization": "Bearer " + granted.json()["access_token"],
            "Content-type": "application/octet-stream",
        },
        timeout=10,
    )
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/octet-stream"
    body = response.content
    assert body[0] == 0xFA
    size = position = 0
    for position, byte in enumerate(body[1:6]):
        size |= (byte & 127) << 7 * position
        if byte < 128:
            break
    payload = body[position + 2 :]
    assert len(payload) == size
    columns = data_response.FromString(payload).data.columns
    assert set(columns) == {"symbol", "date", "time", "trade", "trade_size", "trade_condition"}
    times = list(columns["time"].nanoseconds.values)
    assert times == sorted(times)
    assert times[-1] <= (9 * 60 + 5) * 60 * 10**9
    assert len(times) == len(columns["trade"].doubles.values) == len(columns["trade_size"].integers.values) > 0
    assert set(columns["date"].days.values) == {16926}
    assert set(columns["symbol"].strings.values) == {"ZAL.XE"}
