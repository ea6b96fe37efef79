"""Which responses are cached, and which of them answer requests for a narrower window."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.cache.test_entry import KEY, opened, written
from tickframe.cache.policy import can_be_cut, is_complete, is_final, window_column
from tickframe.catalogue import FUNCTIONS
from tickframe.plan.part import Part, frozen
from tickframe.wire.reader import Response

TODAY = dt.datetime.now(dt.UTC).date()


def request(function: str, **parameters: object) -> Part:
    """Return a request, documented if the catalogue has the function."""
    given = tuple((name, frozen(value)) for name, value in parameters.items())
    return Part(function, function, given, FUNCTIONS[function].columns if function in FUNCTIONS else ())


def trades(times: list[int | None], **beside: object) -> Response:
    batch = pa.record_batch({"time": pa.array(times, pa.duration("ns")), "trade": [1.5] * len(times)})
    return replace(Response((batch,), rows=len(times), bytes=9), **beside)


@pytest.mark.parametrize(("age", "final"), [(1, False), (0, False), (-1, False), (4, True)])
def test_a_day_is_final_when_it_has_ended_everywhere_and_late_reports_are_in(age: int, final: bool) -> None:
    assert is_final(request("tick_data", day=TODAY - dt.timedelta(days=age))) is final


def test_the_last_of_several_days_decides() -> None:
    assert not is_final(request("end_of_day", first_day=dt.date(2016, 5, 5), last_day=TODAY))
    assert is_final(request("end_of_day", first_day=dt.date(2016, 5, 5), last_day=dt.date(2016, 5, 6)))


def test_functions_without_required_days_are_never_final() -> None:
    dated = {name for name, function in FUNCTIONS.items() if function.dated}
    assert set(FUNCTIONS) - dated == {"lookup_sources", "lookup_exchanges", "lookup_symbols"}
    assert not is_final(request("lookup_exchanges", first_day=dt.date(2016, 5, 5)))


@pytest.mark.parametrize(
    ("days", "final"),
    [
        ({"day": dt.date(2016, 5, 5)}, True),
        ({"since": pd.Timestamp("2016-05-05"), "until": pd.Timestamp("2016-05-05 17:00", tz="Europe/Berlin")}, True),
        ({"days": [dt.date(2016, 5, 5), np.datetime64("2016-05-06")]}, True),
        # The one day could be the start of a range without an end.
        ({"first_day": dt.date(2016, 5, 5)}, False),
        ({"since": pd.Timestamp("2016-05-05 09:00").to_pydatetime()}, False),
        # Text is not a day.
        ({"day": "2016-05-05"}, False),
        ({"first_day": dt.date(2016, 5, 5), "last_day": "2199-05-05"}, False),
        ({"first_day": dt.date(2016, 5, 5), "days": [dt.date(2199, 5, 5)]}, False),
        ({"day": dt.date(2016, 5, 5), "until": pd.Timestamp("2199-05-05 12:00")}, False),
        ({}, False),
    ],
)
def test_an_undocumented_request_is_final_if_all_its_days_are_known_and_over(
    days: dict[str, object], final: bool
) -> None:
    assert is_final(request("anything", **days)) is final


def test_a_page_is_not_complete() -> None:
    part = request("anything", day=dt.date(2016, 5, 5))
    assert is_complete(part, trades([1, 2]))
    assert is_complete(part, trades([1, 2], meta={"total_hits": 2}))
    assert not is_complete(part, trades([1, 2], meta={"total_hits": 3}))
    assert not is_complete(part, trades([1, 2], meta={"cursor": "next"}))
    assert not is_complete(part.with_cursor("next"), trades([1, 2]))


@pytest.mark.parametrize(
    "change",
    [
        {"bytes": 0},
        {"missing": ("trade_size",)},
        {"warning": "partial result: the archive did not answer"},
        {"warning": "ZAL.XE was renamed; Incomplete: 3 of 9 venues"},
        {"warning": "the response was truncated"},
        {"meta": {"truncated_trade_rows": 3}},
    ],
)
def test_a_response_that_lacks_something_is_not_complete(change: dict[str, object]) -> None:
    assert not is_complete(request("tick_data", day=dt.date(2016, 5, 5)), trades([1, 2], **change))


@pytest.mark.parametrize("warning", ["no data for ZAL.XE", "departially", "ZAL.XE was renamed"])
def test_another_warning_leaves_a_response_complete(warning: str) -> None:
    assert is_complete(request("tick_data", day=dt.date(2016, 5, 5)), trades([1, 2], warning=warning))


@pytest.mark.parametrize(
    ("flags", "column"),
    [
        (None, "time"),
        (["INCLUDE_NON_REGULAR", "INCLUDE_CONTINUOUS_SESSION_ONLY", "INCLUDE_TRADE_CONDITION_INFO"], "time"),
        (["USE_MARKET_TS"], None),
        (["USE_MARKET_UTC_TS"], None),
        pytest.param(["ODD_LOTS_ONLY"], None, marks=pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")),
        (["INCLUDE_NON_REGULAR", "APPLY_TRADE_CORRECTIONS"], None),
        (["EXCLUDE_CANCELLED_TRADES"], None),
    ],
)
def test_only_flags_that_select_rows_allow_a_narrower_window(flags: list[str] | None, column: str | None) -> None:
    given = {} if flags is None else {"flags": flags}
    assert window_column(request("tick_data", **given)) == column


def test_only_functions_that_return_the_rows_of_the_day_allow_a_narrower_window() -> None:
    assert window_column(request("tick_aggregated")) is None
    assert window_column(request("anything")) is None


def test_an_entry_can_be_cut_if_it_holds_nothing_but_rows_with_times() -> None:
    def can(response: Response, column: str = "time") -> bool:
        return can_be_cut(opened(written(response), KEY), column)

    assert can(trades([1, 2]))
    assert not can(trades([1, 2], warning="a symbol was renamed"))
    assert not can(trades([1, 2], meta={"conditions": "XT"}))
    assert not can(trades([1, 2]), column="trade")
    assert not can(trades([1, 2]), column="market_time")
    # A null in any row group: only the service knows the window of such a row.
    assert not can(trades([*range(100_000), None]))
