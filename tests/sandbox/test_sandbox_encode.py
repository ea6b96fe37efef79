"""From an Arrow table to the wire, and how the service fits the catalogue."""

import datetime as dt
import math
from typing import get_type_hints

import pyarrow as pa
import pytest
from conversation import NULL, Reply

from tickframe.catalogue import FUNCTIONS
from tickframe.contract import DataResponse
from tickframe.sandbox.answers import ANSWERS
from tickframe.sandbox.encode import encode_response
from tickframe.sandbox.parameters import Parameters


def test_every_documented_function_is_served():
    """A function of the catalogue has an answer, and its parameters have types."""
    assert set(ANSWERS) == set(FUNCTIONS)
    names = {parameter.name for function in FUNCTIONS.values() for parameter in function.parameters}
    assert names == set(get_type_hints(Parameters))


@pytest.mark.parametrize(
    ("values", "kind", "expected_list", "expected"),
    [
        ([1.5, None], pa.float64(), "double_list", [1.5, math.nan]),
        ([2**63 - 1, None], pa.int64(), "integer_list", [2**63 - 1, NULL]),
        ([1, None], pa.duration("ns"), "nanoseconds_list", [1, NULL]),
        ([dt.date(1970, 1, 2), None], pa.date32(), "days_list", [1, -(2**31)]),
        ([True, False], pa.bool_(), "bool_list", [True, False]),
        (["ä", "", None], pa.string(), "string_list", ["ä", "", ""]),
        (["a", None, "a"], pa.dictionary(pa.int32(), pa.string()), "string_list", ["a", "", "a"]),
        ([], pa.float64(), "double_list", []),
        ([], pa.dictionary(pa.int32(), pa.string()), "string_list", []),
    ],
)
def test_a_column_travels_in_its_list(values, kind, expected_list, expected):
    """Each type has its list and its null; a column without rows says what list it is."""
    table = pa.table({"column": pa.chunked_array([values, values], kind)})
    reply = Reply(DataResponse.FromString(encode_response(table)))
    assert reply.kinds == {"column": expected_list}
    assert repr(reply.columns["column"]) == repr(expected * 2)


def test_a_type_that_does_not_travel_is_named():
    """The error names the column and its type."""
    with pytest.raises(TypeError, match="column 'size' is of type float"):
        encode_response(pa.table({"size": pa.array([1.0], pa.float32())}))
