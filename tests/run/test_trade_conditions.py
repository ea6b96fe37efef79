"""The meanings of trade conditions, wherever in the metadata they are."""

from __future__ import annotations

import pandas as pd
import pytest

import tickframe as tf
from tickframe.run.trade_conditions import trade_conditions

AUTOMATIC = {"trade_description": "Automatic trade", "trade_category": "Lit", "continuous_session": True}
OFF_BOOK = {"trade_description": "Off-book trade", "trade_category": "Off", "continuous_session": False}
ROWS = [("AT", "Automatic trade", "Lit", True), ("OTC", "Off-book trade", "Off", False)]


def rows(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    return list(frame.itertuples(index=False, name=None))


@pytest.mark.parametrize(
    "meta",
    [
        {"AT": AUTOMATIC, "OTC": OFF_BOOK, "total_hits": 2},
        {"trade_conditions": {"AT": AUTOMATIC, "OTC": OFF_BOOK}},
        {"info": {"conditions": {"AT": AUTOMATIC, "OTC": OFF_BOOK}}},
        {name: {"AT": AUTOMATIC[name], "OTC": OFF_BOOK[name]} for name in AUTOMATIC},
        {"trade_condition": ["AT", "OTC"]} | {name: [AUTOMATIC[name], OFF_BOOK[name]] for name in AUTOMATIC},
        {
            "trade_condition": ["AT", "OTC"],
            **{name: [AUTOMATIC[name], OFF_BOOK[name]] for name in ("trade_description", "trade_category")},
            "in_continuous_session": [True, False],
        },
    ],
)
def test_conditions_are_found(meta: dict[str, object]) -> None:
    frame = trade_conditions([meta, meta, {"cursor": "1"}])
    assert rows(frame) == ROWS
    assert str(frame["continuous_session"].dtype) == "bool"


def test_a_meaning_that_differs_has_a_row_of_its_own_and_what_is_not_said_is_null() -> None:
    frame = trade_conditions([{"AT": AUTOMATIC}, {"AT": {"trade_category": "Dark"}}])
    assert rows(frame.iloc[:1]) == ROWS[:1]
    assert frame.iloc[1].isna().tolist() == [False, True, False, True]
    assert frame.loc[1, "category"] == "Dark"


def test_without_conditions_there_are_no_rows_but_all_columns() -> None:
    frame = trade_conditions([{"total_hits": 5, "symbols": {"A": {"name": "x"}}}])
    assert frame.columns.tolist() == ["condition", "description", "category", "continuous_session"]
    assert len(frame) == 0


def test_a_query_that_is_not_loaded_has_none() -> None:
    with tf.Client(base_url="https://127.0.0.1:1", token="t") as client:
        query = client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES")
        with pytest.raises(ValueError, match="not loaded yet"):
            query.trade_conditions()
