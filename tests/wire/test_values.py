"""Single values of the contract, from Python and back."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickframe.catalogue import TickDataFlag
from tickframe.wire.contract import Value, ValueList
from tickframe.wire.values import read_value, write_value

SCALARS = (
    st.text()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.booleans()
    | st.dates()
    | st.integers(0, 2 * 86_400 * 10**9).map(lambda value: pd.Timedelta(value, unit="ns"))
    | st.integers(-(2**62), 2**62).map(lambda value: pd.Timestamp(value, unit="ns"))
)


@given(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)))
def test_a_value_is_read_as_it_was_written(value: object) -> None:
    assert read_value(Value.FromString(write_value(value).SerializeToString())) == value


@pytest.mark.parametrize(
    ("value", "kind", "written"),
    [
        ("ZAL.XE", "string_value", "ZAL.XE"),
        (dt.date(1970, 1, 2), "days_value", 1),
        (dt.time(0, 0, 1), "nanoseconds_value", 10**9),
        (np.timedelta64(1, "ns"), "nanoseconds_value", 1),
        (pd.Timestamp(1), "timestamp_value", 1),
        (np.int32(5), "integer_value", 5),
        (np.float64(0.5), "double_value", 0.5),
        (np.bool_(True), "bool_value", True),
        (TickDataFlag.USE_MARKET_TS, "string_value", "USE_MARKET_TS"),
        (["a", "b"], "list", ValueList(string_list={"values": ["a", "b"]})),
    ],
)
def test_values_are_sent_in_the_newest_documented_field(value: object, kind: str, written: object) -> None:
    message = write_value(value)
    assert message.WhichOneof("type") == kind
    assert getattr(message, kind) == written


@pytest.mark.parametrize("value", [None, object(), 2**63, [object()], b"abc", pd.NaT, np.timedelta64("NaT")])
def test_unsupported_values_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"cannot be sent|range"):
        write_value(value)


def test_an_unset_value_is_none() -> None:
    assert read_value(Value()) is None
    assert read_value(Value(list=ValueList())) == []
