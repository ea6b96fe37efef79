"""From an Arrow table to the wire, and the sandbox compared to the catalogue."""

import datetime as dt
import math
from typing import get_type_hints

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.caller import NULL, Reply
from tickframe.catalogue import FUNCTIONS
from tickframe.sandbox.answers import RESPONDERS
from tickframe.sandbox.parameters import Parameters
from tickframe.wire.contract import DataResponse, ValueList
from tickframe.wire.encode import encode_response, join, to_wire_list
from tickframe.wire.frames import read_frames


def test_every_documented_function_is_served():
    """Each function of the catalogue is implemented, and its parameters have types."""
    assert set(RESPONDERS) == set(FUNCTIONS)
    names = {parameter.name for function in FUNCTIONS.values() for parameter in function.parameters}
    assert names == set(get_type_hints(Parameters))


@pytest.mark.parametrize(
    ("values", "kind", "expected_list", "expected"),
    [
        ([1.5, None], pa.float64(), "double_list", [1.5, math.nan]),
        ([2**63 - 1, None], pa.int64(), "integer_list", [2**63 - 1, NULL]),
        ([1, None], pa.duration("ns"), "nanoseconds_list", [1, NULL]),
        ([1, None], pa.timestamp("ns"), "timestamps_list", [1, NULL]),
        ([dt.date(1970, 1, 2), None], pa.date32(), "days_list", [1, -(2**31)]),
        ([True, False], pa.bool_(), "bool_list", [True, False]),
        (["ä", "", None], pa.string(), "string_list", ["ä", "", ""]),
        (["a", None, "a"], pa.dictionary(pa.int32(), pa.string()), "string_list", ["a", "", "a"]),
        ([], pa.float64(), "double_list", []),
        ([], pa.dictionary(pa.int32(), pa.string()), "string_list", []),
    ],
)
def test_a_column_is_encoded_as_its_list(values, kind, expected_list, expected):
    """Each type has its list and its null; a column without rows has its list too."""
    table = pa.table({"column": pa.chunked_array([values, values], kind)})
    [message] = read_frames(encode_response(table))
    reply = Reply(DataResponse.FromString(bytes(message)))
    assert reply.kinds == {"column": expected_list}
    assert repr(reply.columns["column"]) == repr(expected * 2)


def test_a_type_that_cannot_be_encoded_is_an_error():
    with pytest.raises(TypeError, match="column 'size' is of type float"):
        encode_response(pa.table({"size": pa.array([1.0], pa.float32())}))


@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int32(), pa.string()), pa.int64(), pa.date32()])
def test_only_the_rows_of_a_slice_are_encoded(kind):
    values = {pa.int64(): [1, -2, 3, 4], pa.date32(): [dt.date(2016, 5, day) for day in (1, 2, 3, 4)]}
    column = pa.chunked_array([values.get(kind, ["a", "bb", "", "c" * 300])], kind)
    [message] = read_frames(encode_response(pa.table({"column": column.slice(1, 2)})))
    whole = pa.table({"column": pa.chunked_array([column.slice(1, 2).to_pylist()], kind)})
    [expected] = read_frames(encode_response(whole))
    assert DataResponse.FromString(bytes(message)).data == DataResponse.FromString(bytes(expected)).data


@given(
    st.lists(st.integers(-(2**63), 2**63 - 1)),
    st.lists(st.integers(-(2**31), 2**31 - 1)),
    st.lists(st.text()),
    st.lists(st.sampled_from(["", "A", "20002020", "x" * 200])),
)
def test_what_the_kernel_writes_is_what_protobuf_writes(integers, days, strings, labels):
    """One list for each writer of the kernel, byte for byte."""
    columns = {
        "integer_list": (pa.array(integers, pa.int64()), integers),
        "days_list": (pa.array(days, pa.int32()).view(pa.date32()), days),
        "string_list": (pa.array(strings, pa.string()), strings),
        "label": (pa.array(labels, pa.string()).dictionary_encode(), labels),
    }
    for name, (array, values) in columns.items():
        field = "string_list" if name == "label" else name
        expected = ValueList()
        getattr(expected, field).values.extend(values)
        list_type, pieces = to_wire_list(name, pa.chunked_array([array]))
        assert (list_type, bytes(join(pieces))) == (field, getattr(expected, field).SerializeToString())
