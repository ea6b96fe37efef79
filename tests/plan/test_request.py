"""Requests by name: documented ones are checked before anything is sent, others are sent as they are."""

from __future__ import annotations

import datetime as dt
import pickle
from typing import Any

import pandas as pd
import pytest

import tickframe as tf
from tickframe.catalogue import REQUESTS, metric_columns
from tickframe.plan.plan import Options, Plan
from tickframe.plan.request import plan_request

DAYS = {"dateFrom": "2019-10-02", "dateTo": "2019-10-24"}
ISINS = {"isins": ["DE000A1EWWW0"], **DAYS}
START, END = pd.Timestamp("2019-10-10 10:00"), pd.Timestamp("2019-10-10 12:00")


def plan(source: str, endpoint: str, **parameters: object) -> Plan:
    return plan_request(source, endpoint, parameters, Options())


def sent(one: Plan) -> dict[str, object]:
    [part] = one.parts
    return dict(part.parameters)


def test_a_documented_request_is_checked_and_has_the_documented_columns() -> None:
    one = plan("LC", "lcGetMarketShare", isins="DE000A1EWWW0", dateFrom=pd.Timestamp("2019-10-2"), dateTo="2019.10.24")
    assert sent(one) == {
        "source": "LC",
        "isins": ("DE000A1EWWW0",),
        "dateFrom": dt.date(2019, 10, 2),
        "dateTo": dt.date(2019, 10, 24),
    }
    assert one.columns == REQUESTS["LC"]["lcGetMarketShare"].columns
    assert one == plan("LC", "lcGetMarketShare", isins=["DE000A1EWWW0"], date_from="2019-10-02", date_to="2019-10-24")


def test_a_request_of_one_day_can_be_asked_for_several() -> None:
    one = plan("LC", "lcGetMarketShareByExchangeTradeCategory", day=("2019-10-02", "2019-10-04"))
    assert [dict(part.parameters)["day"].day for part in one.parts] == [2, 3, 4]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("source", "endpoint", "parameters", "message"),
    [
        ("LC", "lcGetMarketShares", ISINS, r"LC has no request 'lcGetMarketShares': did you mean 'lcGetMarketShare'\?"),
        ("LC", "lcgetspreads", ISINS, "did you mean 'lcGetSpreads'"),
        ("ETF-LC", "lcETFRefdata", {"date": "2021-12-04"}, "did you mean 'lcETFRefData'"),
        ("TCA", "tickanalytics", {}, "did you mean 'tick_analytics'"),
        ("LC", "lcGetMarketShare", DAYS, "missing argument 'isins' of lcGetMarketShare"),
        ("LC", "lcGetMarketShare", {**ISINS, "isins": None}, "missing argument 'isins'"),
        ("LC", "lcGetMarketShare", {"isin": "DE000A1EWWW0", **DAYS}, "no parameter 'isin'; did you mean 'isins'"),
        ("LC", "lcGetMarketShare", {**ISINS, "isins": 5}, "invalid isins 5: expected a string or a list"),
        ("LC", "lcGetMarketShare", {**ISINS, "isins": []}, "isins is empty"),
        ("LC", "lcGetMarketShare", {**ISINS, "dateTo": START}, "invalid dateTo .*midnight"),
        ("LC", "lcGetMarketShare", {**ISINS, "dateTo": "2019-10-01"}, "reversed range: dateFrom 2019-10-02 is after"),
        ("LC", "lcGetMarketShare", {**ISINS, "date_to": "2019-10-24"}, "'dateTo' of lcGetMarketShare is given twice"),
        ("LC", "lcGetMarketShareForIndex", {**DAYS, "index": ["UK100"]}, "invalid index .*expected a string"),
        (
            "LC",
            "lcGetSpreadsForIndex",
            {**DAYS, "index": "UK100", "mode": ["asof", "recent"]},
            "invalid mode: asof and recent exclude each other",
        ),
        ("ETF-LC", "lcGetSpreads", {**ISINS, "currency": ["USD"]}, "invalid currency .*expected a string"),
    ],
)
def test_a_wrong_request_is_an_error(source: str, endpoint: str, parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan(source, endpoint, **parameters)


@pytest.mark.parametrize(
    ("source", "endpoint", "message"),
    [
        ("LC", "lcGetMarketShareForEtf", "not documented; did you mean lcGetMarketShare or"),
        ("LC", "getEbboSizeContribution", "did you mean lcGetEbboSizeContribution"),
        ("LC", "lcETFRefData", "it is documented for ETF-LC"),
        ("TCA", "somethingElse", "request 'somethingElse' of TCA is sent although it is not documented$"),
    ],
)
def test_a_request_that_may_exist_is_sent_with_a_warning(source: str, endpoint: str, message: str) -> None:
    with pytest.warns(tf.TickframeWarning, match=message):
        one = plan(source, endpoint, anything=1)
    assert sent(one) == {"source": source, "anything": 1}
    assert not one.is_documented


def test_a_parameter_that_may_exist_is_sent_with_a_warning() -> None:
    with pytest.warns(tf.TickframeWarning, match="parameter 'venue' of lcGetSpreads is sent although"):
        assert sent(plan("LC", "lcGetSpreads", **ISINS, venue="XETRA"))["venue"] == "XETRA"


def test_a_value_that_may_exist_is_sent_with_a_warning() -> None:
    with pytest.warns(tf.TickframeWarning, match="currency 'GBP' is sent .* the documented ones are EUR, USD"):
        assert sent(plan("ETF-LC", "lcGetSpreads", **ISINS, currency="GBP"))["currency"] == "GBP"


def test_sources_without_documented_requests_are_not_checked() -> None:
    one = plan("ACTIV", "lcGetMarketShares", isin=5)
    assert sent(one) == {"source": "ACTIV", "isin": 5}
    assert one.timestamp == ("date", "time")


METRICS: dict[str, dict[str, Any]] = {
    "Market": {"metric": "MarketAggregate", "from_datetime": START, "to_datetime": END, "fields": ["VWAP", "VOLUME"]},
    "P": {"metric": "PVWAP", "from_datetime": "2019-10-10", "trade_size": 100, "participation_rate": 0.05},
}


def analytics(**metric: object) -> Plan:
    return plan("TCA", "tick_analytics", symbols=["ORA.P"], metrics={"Market": {**METRICS["Market"], **metric}})


def test_metrics_become_columns_in_their_order_and_are_sent_as_objects() -> None:
    one = plan("TCA", "tick_analytics", symbols=["ORA.P"], metrics=METRICS)
    assert one == plan("TCA", "tickAnalytics", symbols=["ORA.P"], metrics=METRICS)
    assert [(column.name, column.kind.value) for column in one.columns] == [
        ("Market_VWAP", "float"),
        ("Market_VOLUME", "integer"),
        ("P", "float"),
    ]
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301, our own bytes
    market = one.parts[0].to_message("").parameters["metrics"].object.fields["Market"].object.fields
    assert market["metric"].string_value == "MarketAggregate"
    assert market["fromDatetime"].timestamp_value == START.value
    assert list(market["fields"].list.string_list.values) == ["VWAP", "VOLUME"]


def test_a_midnight_of_a_metric_is_sent_as_a_timestamp() -> None:
    one = plan("TCA", "tick_analytics", symbols=["ORA.P"], metrics=METRICS)
    fields = one.parts[0].to_message("").parameters["metrics"].object.fields["P"].object.fields
    assert fields["fromDatetime"].timestamp_value == pd.Timestamp("2019-10-10").value


def test_split_metrics_have_columns_of_unknown_names() -> None:
    metrics = {"M": {**METRICS["Market"], "fields": ("VWAP",), "split_by_trade_type": True}}
    assert [column.optional for column in metric_columns(metrics)] == [True]
    assert [column.optional for column in analytics(split_by_trade_type=True).columns] == [True, True]


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ({"metric": "MarketAgregate"}, "invalid metric .*did you mean 'MarketAggregate'"),
        ({"metric": None}, "expected a mapping with 'metric'"),
        ({"fields": ["VWAPS"]}, "invalid field 'VWAPS' of metrics.'Market'.: .*did you mean 'VWAP'"),
        ({"fields": ["TTS_MEDIAN"]}, "it is called 'MEDIAN_TS' today"),
        ({"fields": None}, "missing argument 'fields' of MarketAggregate"),
        ({"day": "2019-10-10"}, "MarketAggregate in .* has no parameter 'day'"),
        ({"from_datetime": END, "to_datetime": START}, "reversed range: from_datetime"),
        ({"from_datetime": START.tz_localize("UTC")}, "without a time zone"),
        ({"from_datetime": "ten o'clock"}, "invalid from_datetime"),
        ({"from_datetime": pd.NaT}, "invalid from_datetime"),
        ({"from_datetime": 5}, "invalid from_datetime 5: expected a timestamp"),
        ({"lower_price_limit": "10"}, "invalid lower_price_limit '10': expected a number"),
        ({"lower_price_limit": float("nan")}, "expected a finite number"),
        ({"use_last_snapshot": 1}, "invalid use_last_snapshot 1: expected True or False"),
    ],
)
def test_a_wrong_metric_is_an_error(metric: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        analytics(**metric)


@pytest.mark.parametrize("metrics", [{}, [], "VWAP", {"": METRICS["Market"]}, {"Market": "VWAP"}])
def test_metrics_are_a_mapping_of_mappings(metrics: object) -> None:
    with pytest.raises(ValueError, match="metrics"):
        plan("TCA", "tick_analytics", symbols=["ORA.P"], metrics=metrics)


def test_an_endpoint_that_looks_misspelt_can_be_called_with_a_setting(sandbox: Any) -> None:
    with tf.Client(**sandbox.account, endpoints={"lcGetSpreads": "lcGetSpread"}) as client:
        query = client.get("LC", "lcGetSpreads", **ISINS)
        with pytest.raises(tf.errors.ServiceError, match="lcGetSpread"):
            query.to_arrow()
