"""Framed bytes to record batches: types, nulls, order, and invalid tables."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickframe.catalogue import FUNCTIONS, TickDataType
from tickframe.errors import DecodeError
from tickframe.wire.batch import documented_schema
from tickframe.wire.contract import DataResponse, Value, ValueList
from tickframe.wire.frames import Marker, write_frame
from tickframe.wire.reader import read_batches, read_responses

NULL_INT32, NULL_INT64 = -(2**31), -(2**63)
TRADES = FUNCTIONS["tick_data"].columns_for(TickDataType.TRADES)
QUOTES = FUNCTIONS["tick_data"].columns_for(TickDataType.QUOTES)

INT64 = st.integers(-(2**63), 2**63 - 1)
INT32 = st.integers(-(2**31), 2**31 - 1)


def framed(response: DataResponse, marker: Marker = Marker.VARINT) -> bytes:
    return write_frame(response.SerializeToString(), marker)


def column(list_type: str, values: list[object]) -> ValueList:
    filled = ValueList()
    getattr(filled, list_type).SetInParent()
    getattr(filled, list_type).values.extend(values)
    return filled


def decode(**columns: ValueList) -> pa.RecordBatch:
    response = DataResponse()
    for name, values in columns.items():
        response.data.columns[name].CopyFrom(values)
    return next(read_batches(framed(response)))


def as_sent(values: list[int], null: int, scale: int = 1) -> list[int | None]:
    return [None if value == null else value * scale for value in values]


def stored(array: pa.Array) -> list[int | None]:
    """Return the integers that a date, duration or timestamp array stores."""
    return array.view(pa.int32() if array.type.bit_width == 32 else pa.int64()).to_pylist()


@given(st.lists(INT64 | st.just(NULL_INT64)))
@pytest.mark.parametrize(
    ("list_type", "kind"),
    [
        ("integer_list", pa.int64()),
        ("nanoseconds_list", pa.duration("ns")),
        ("timestamps_list", pa.timestamp("ns")),
    ],
)
def test_64_bit_lists_are_exact_and_the_least_integer_is_null(
    list_type: str, kind: pa.DataType, values: list[int]
) -> None:
    array = decode(c=column(list_type, values)).column("c")
    assert array.type == kind
    assert stored(array) == as_sent(values, NULL_INT64)


@given(st.lists(INT32 | st.just(NULL_INT32)))
def test_days_become_dates(values: list[int]) -> None:
    array = decode(c=column("days_list", values)).column("c")
    assert array.type == pa.date32()
    assert stored(array) == as_sent(values, NULL_INT32)


@given(st.lists(INT32 | st.just(NULL_INT32)))
def test_milliseconds_become_durations_in_nanoseconds(values: list[int]) -> None:
    array = decode(c=column("milliseconds_list", values)).column("c")
    assert array.type == pa.duration("ns")
    assert stored(array) == as_sent(values, NULL_INT32, 1_000_000)


@given(st.lists(st.floats(allow_nan=True)))
def test_doubles_are_exact_and_nan_is_null(values: list[float]) -> None:
    array = decode(c=column("double_list", values)).column("c")
    assert array.type == pa.float64()
    expected = [None if math.isnan(value) else value for value in values]
    assert [value if value is None else value.hex() for value in array.to_pylist()] == [
        value if value is None else value.hex() for value in expected
    ]


@given(st.lists(st.booleans()))
def test_booleans_are_exact(values: list[bool]) -> None:
    array = decode(c=column("bool_list", values)).column("c")
    assert array.type == pa.bool_()
    assert array.to_pylist() == values


@given(st.lists(st.text()))
def test_strings_are_exact_and_an_empty_string_is_not_null(values: list[str]) -> None:
    array = decode(c=column("string_list", values)).column("c")
    assert array.type == pa.string()
    assert array.to_pylist() == values


def test_deprecated_dates_and_times_are_decoded_like_the_newer_lists() -> None:
    date, time = ValueList(), ValueList()
    for days in (16926, NULL_INT32):
        date.date_list.values.add(days=days)
    time.time_list.values.add(milliseconds=32_400_000, nanoseconds=153_762)
    time.time_list.values.add(milliseconds=NULL_INT32)
    batch = decode(date=date, time=time)
    assert stored(batch.column("date")) == [16926, None]
    assert stored(batch.column("time")) == [32_400_000_153_762, None]


def mixed(*values: Value) -> ValueList:
    filled = ValueList()
    filled.mixed_list.values.extend(values)
    return filled


def strings(*values: str) -> Value:
    return Value(list=column("string_list", list(values)))


def obj(**fields: Value) -> Value:
    return Value(object={"fields": fields})


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (Value(string_value="x"), pa.string()),
        (Value(integer_value=2**62), pa.int64()),
        (Value(double_value=0.5), pa.float64()),
        (Value(bool_value=True), pa.bool_()),
        (Value(days_value=1), pa.date32()),
        (Value(milliseconds_value=1), pa.duration("ns")),
        (Value(nanoseconds_value=1), pa.duration("ns")),
        (Value(timestamp_value=1), pa.timestamp("ns")),
        (strings("x"), pa.list_(pa.string())),
        (obj(b=Value(integer_value=1), a=Value(integer_value=2)), pa.map_(pa.string(), pa.int64())),
    ],
)
def test_a_mixed_list_has_the_common_type_of_its_values(value: Value, kind: pa.DataType) -> None:
    array = decode(c=mixed(value, Value(), value)).column("c")
    assert array.type == kind
    assert array.is_null().to_pylist() == [False, True, False]
    assert array[0] == array[2]


def test_lists_and_nulls_keep_their_rows() -> None:
    array = decode(feeds=mixed(strings("a", "b"), Value(), strings(), strings("c"), Value(list=ValueList()))).column(0)
    assert array.to_pylist() == [["a", "b"], None, [], ["c"], []]


def test_milliseconds_and_nanoseconds_have_a_common_type() -> None:
    array = decode(c=mixed(Value(milliseconds_value=1), Value(nanoseconds_value=7))).column("c")
    assert stored(array) == [1_000_000, 7]


@pytest.mark.parametrize(
    "values",
    [
        mixed(Value(string_value="x"), Value(integer_value=1)),
        mixed(strings("x"), Value(string_value="x")),
        mixed(strings("x"), Value(list=column("integer_list", [1]))),
        mixed(obj(a=Value(string_value="x")), obj(a=Value(integer_value=1))),
    ],
)
def test_a_list_without_a_common_type_is_an_error_that_names_the_column(values: ValueList) -> None:
    with pytest.raises(DecodeError, match="'price'") as raised:
        decode(price=values)
    assert raised.value.column == "price"


def trades(rows: int) -> DataResponse:
    response = DataResponse()
    columns = response.data.columns
    columns["trade_size"].CopyFrom(column("integer_list", [100] * rows))
    columns["symbol"].CopyFrom(column("string_list", ["ZAL.XE"] * rows))
    columns["trade_condition"].CopyFrom(column("string_list", ["", "A"][:rows]))
    columns["trade"].CopyFrom(column("double_list", [1.5] * rows))
    columns["time"].CopyFrom(column("nanoseconds_list", [1] * rows))
    columns["date"].CopyFrom(column("days_list", [16926] * rows))
    return response


def test_columns_come_in_documented_order_and_labels_as_dictionaries() -> None:
    batch = next(read_batches(framed(trades(2)), TRADES))
    assert batch.schema == documented_schema(TRADES)
    assert batch.schema.names == ["symbol", "date", "time", "trade", "trade_size", "trade_condition"]
    assert batch.column("trade_condition").to_pylist() == ["", "A"]


def entry(name: str, *, extra: bytes = b"") -> bytes:
    """Return the map entry of one integer column."""
    key = b"\x0a" + bytes([len(name)]) + name.encode()
    value = b"\x12\x05\x12\x03\x0a\x01\x01"
    body = key + value + extra
    return b"\x0a" + bytes([len(body)]) + body


def table(*entries: bytes) -> bytes:
    columns = b"".join(entries)
    return write_frame(b"\x12" + bytes([len(columns)]) + columns)


@given(st.permutations(["b", "a", "z", "m"]))
def test_undocumented_columns_keep_the_order_of_the_wire(names: list[str]) -> None:
    batch = next(read_batches(table(*map(entry, names))))
    assert batch.schema.names == names


def test_documented_columns_come_before_undocumented_ones() -> None:
    response = trades(2)
    response.data.columns["venue"].CopyFrom(column("string_list", ["X", "Y"]))
    batch = next(read_batches(framed(response), TRADES))
    assert batch.schema.names == [*documented_schema(TRADES).names, "venue"]


@pytest.mark.parametrize("response", [DataResponse(), trades(0)])
def test_an_empty_response_has_the_full_schema(response: DataResponse) -> None:
    batch = next(read_batches(framed(response), QUOTES))
    assert batch.num_rows == 0
    assert documented_schema(QUOTES).names == batch.schema.names[: len(QUOTES)]
    assert [batch.schema.field(name) for name in documented_schema(QUOTES).names] == list(documented_schema(QUOTES))


def test_an_all_null_column_has_the_documented_type() -> None:
    response = trades(2)
    response.data.columns["trade"].CopyFrom(mixed(Value(), Value()))
    assert next(read_batches(framed(response), TRADES)).schema == documented_schema(TRADES)


def test_a_missing_documented_column_is_null_and_reported() -> None:
    response = trades(2)
    del response.data.columns["trade_condition"]
    [decoded] = read_responses(framed(response), TRADES)
    assert decoded.missing == ("trade_condition",)
    assert decoded.batches[0].schema == documented_schema(TRADES)
    assert decoded.batches[0].column("trade_condition").null_count == 2


def test_columns_of_unequal_length_are_an_error_that_names_the_column() -> None:
    response = trades(2)
    response.data.columns["trade"].double_list.values.append(1.0)
    with pytest.raises(DecodeError, match="'trade' has 3 values where the others have 2"):
        list(read_batches(framed(response), TRADES))


@pytest.mark.parametrize("extra", [b"\x18\x07", b"\x2b\x08\x01\x2c", b"\x08\x41", b"\x10\x01"])
def test_a_column_that_protobuf_would_drop_is_an_error_that_names_it(extra: bytes) -> None:
    with pytest.raises(DecodeError, match="would drop column 'gone'") as raised:
        list(read_batches(table(entry("here"), entry("gone", extra=extra))))
    assert raised.value.column == "gone"


def test_a_list_type_of_a_newer_contract_is_an_error_that_names_the_column() -> None:
    body = b"\x0a\x03new\x12\x05\x62\x03\x0a\x01\x01"
    with pytest.raises(DecodeError, match="'new'"):
        list(read_batches(table(b"\x0a" + bytes([len(body)]) + body)))


def test_an_invalid_message_is_a_decode_error() -> None:
    with pytest.raises(DecodeError):
        list(read_batches(write_frame(b"\x12\x7f")))


@pytest.mark.parametrize("source", [bytes, bytearray, memoryview, io.BytesIO])
def test_each_frame_of_any_source_is_one_batch(source: Callable[[bytes], bytes]) -> None:
    both = framed(trades(2)) + framed(trades(1), Marker.FIXED) + framed(trades(0))
    assert [batch.num_rows for batch in read_batches(source(both), TRADES)] == [2, 1, 0]


def test_header_and_metadata_are_decoded() -> None:
    response = trades(1)
    response.header.request_id.value = "r1"
    response.header.reference_id.value = "ours"
    response.header.warning_message = "no data"
    response.meta["cursor"].string_value = "c"
    response.meta["total_hits"].integer_value = 7
    response.meta["info"].object.fields["A"].list.string_list.values.extend(["x", "y"])
    [decoded] = read_responses(framed(response))
    assert (decoded.request_id, decoded.reference_id, decoded.warning) == ("r1", "ours", "no data")
    assert decoded.meta == {"cursor": "c", "total_hits": 7, "info": {"A": ["x", "y"]}}


def test_a_batch_stays_valid_after_its_source_is_reused() -> None:
    source = bytearray(framed(trades(2)))
    batch = next(read_batches(source, TRADES))
    before = batch.to_pylist()
    source[:] = bytes(len(source))
    assert batch.to_pylist() == before


def test_empty_lists_have_the_documented_type() -> None:
    response = DataResponse()
    response.data.columns["feeds"].CopyFrom(mixed(Value(list=ValueList()), Value()))
    batch = next(read_batches(framed(response), FUNCTIONS["lookup_exchanges"].columns))
    assert batch.schema == pa.schema([("feeds", pa.list_(pa.string()))])
    assert batch.column("feeds").to_pylist() == [[], None]


def test_a_label_with_nulls_is_a_dictionary() -> None:
    response = trades(2)
    response.data.columns["trade_condition"].CopyFrom(mixed(Value(string_value="A"), Value()))
    batch = next(read_batches(framed(response), TRADES))
    assert batch.schema == documented_schema(TRADES)
    assert batch.column("trade_condition").to_pylist() == ["A", None]


@pytest.mark.parametrize("table_first", [False, True])
def test_a_meta_entry_that_protobuf_would_drop_is_an_error(table_first: bool) -> None:
    """A dropped cursor would mean dropped rows."""
    meta = b"\x1a\x0f\x0a\x06cursor\x12\x03\x0a\x011\x18\x07"
    data = framed(trades(1))[2:]
    with pytest.raises(DecodeError, match="meta"):
        list(read_batches(write_frame(data + meta if table_first else meta + data)))
