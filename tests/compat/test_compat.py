"""The vendor library's objects: connections, settings, and responses with their conversions."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

import tickframe as tf
from tests.scripted_server import Reply, ScriptedServer
from tickframe import compat
from tickframe.catalogue import FUNCTIONS, METRICS, TickDataType
from tickframe.compat import ApiSettings, DataObject, XytClient, get, lookup_symbols, tick_data
from tickframe.sandbox import Sandbox
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

NULL = -(2**63)


@pytest.fixture
def connection(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> XytClient:
    monkeypatch.setenv("TICKFRAME_URL", sandbox.url)
    monkeypatch.setenv("TICKFRAME_CLIENT_SECRET", sandbox.client_secret)
    return XytClient(user_id=sandbox.user, user_password=sandbox.password)


@pytest.fixture
def quotes(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataObject]:
    response = DataResponse()
    columns = response.data.columns
    columns["symbol"].string_list.values.extend(["A", "A"])
    columns["date"].days_list.values.extend([16926, 16926])
    columns["time"].nanoseconds_list.values.extend([1, 2])
    columns["ask"].double_list.values.extend([1.5, float("nan")])
    columns["ask_size"].integer_list.values.extend([2**62, NULL])
    columns["bid"].double_list.values.extend([1.0, 1.0])
    columns["bid_size"].integer_list.values.extend([1, 2])
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    monkeypatch.setenv("TICKFRAME_URL", scripted.url)
    monkeypatch.setenv("TICKFRAME_TOKEN", "t")
    return tick_data(
        source="ACTIV", symbol="A", day="2016.05.05", data_type=TickDataType.QUOTES, connection=XytClient()
    )


def test_null_integers_are_the_sentinel_and_the_columns_the_documented_ones(quotes: DataObject) -> None:
    frame = quotes.to_pandas()
    assert frame.columns.tolist() == [column.name for column in FUNCTIONS["tick_data"].columns_for(TickDataType.QUOTES)]
    assert frame["ask_size"].tolist() == [2**62, NULL]
    assert [str(frame[name].dtype) for name in ("symbol", "date", "time", "ask")] == [
        str(pd.Series([""]).dtype),
        "datetime64[ns]",
        "timedelta64[ns]",
        "float64",
    ]
    frame.loc[0, "ask_size"] = 1


def test_null_integers_can_be_nan(quotes: DataObject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ApiSettings, "replace_int_nulls", True)
    frame = quotes.to_pandas()
    assert str(frame["ask_size"].dtype) == "float64"
    assert np.isnan(frame["ask_size"].iloc[1])
    assert str(frame["bid_size"].dtype) == "int64"


def test_a_response_converts_to_records_csv_and_a_message(quotes: DataObject) -> None:
    assert quotes.to_numpy()["ask_size"].tolist() == [2**62, NULL]
    assert (quotes.to_csv(index=False) or "").splitlines()[0] == "symbol,date,time,ask,ask_size,bid,bid_size"
    assert list(quotes.data.data.columns["ask_size"].integer_list.values) == [2**62, NULL]
    assert (quotes.rows, quotes.row_count, len(quotes)) == (2, 2, 2)
    assert quotes.cursor is None
    assert quotes.total_hits is None


def test_a_connection_reports_its_account(connection: XytClient, sandbox: Sandbox) -> None:
    assert connection.check()["user"] == sandbox.user
    assert sandbox.password not in repr(connection)


def test_the_default_connection_follows_the_settings(
    connection: XytClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ApiSettings, "user_id", sandbox.user)
    monkeypatch.setattr(ApiSettings, "user_password", sandbox.password)
    default = XytClient.default()
    assert XytClient.default() is default
    assert default.check() == connection.check()
    monkeypatch.setattr(ApiSettings, "user_password", None)
    monkeypatch.setattr(ApiSettings, "api_key", sandbox.password)
    assert XytClient.default() is not default
    assert XytClient.default().check() == connection.check()


def test_check_prints_what_it_returns(connection: XytClient, capsys: pytest.CaptureFixture[str]) -> None:
    diagnosis = connection.check()
    assert capsys.readouterr().out.splitlines() == [f"{name}: {value}" for name, value in diagnosis.items()]
    assert diagnosis["tickframe"] == tf.__version__


@pytest.mark.usefixtures("connection")
def test_check_reports_a_refusal_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    diagnosis = XytClient(user_id="sandbox", user_password="not the password").check()
    assert diagnosis["error"].startswith("AuthenticationError: ")
    assert "not the password" not in capsys.readouterr().out


def proxied_to(server: ScriptedServer) -> list[str]:
    """Return the addresses that a server was asked for as a proxy."""
    return [received.path for received in server.received if received.path.startswith("http://")]


def test_proxies_that_are_assigned_are_used_from_the_next_call_on(
    connection: XytClient, sandbox: Sandbox, scripted: ScriptedServer
) -> None:
    scripted.reply(Reply(b"{}", status=403, content_type="application/json"))
    connection.check()
    connection.proxies = {"http": scripted.url}
    assert "error" in connection.check()
    assert proxied_to(scripted) == [f"{sandbox.url}/auth/oauth/token"]
    assert connection.proxies == {"http": scripted.url}
    connection.proxies = None
    assert "error" not in connection.check()


@pytest.mark.usefixtures("connection")
def test_the_default_connection_keeps_assigned_proxies_when_the_account_changes(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(XytClient, "_default", None)
    XytClient.default().proxies = {"https": "http://proxy:8888"}
    monkeypatch.setattr(ApiSettings, "user_id", sandbox.user)
    monkeypatch.setattr(ApiSettings, "user_password", sandbox.password)
    assert XytClient.default().proxies == {"https": "http://proxy:8888"}
    assert XytClient.default().check()["user"] == sandbox.user


@pytest.mark.usefixtures("connection")
def test_the_default_connection_uses_the_proxies_of_the_settings(
    sandbox: Sandbox, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(XytClient, "_default", None)
    monkeypatch.setattr(ApiSettings, "user_id", sandbox.user)
    monkeypatch.setattr(ApiSettings, "user_password", sandbox.password)
    assert "error" not in XytClient.default().check()
    scripted.reply(Reply(b"{}", status=403, content_type="application/json"))
    monkeypatch.setattr(ApiSettings, "proxies", {"http": scripted.url})
    assert "error" in XytClient.default().check()
    assert proxied_to(scripted) == [f"{sandbox.url}/auth/oauth/token"]


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_has_its_documented_arguments(name: str) -> None:
    metric = getattr(compat, name)
    parameters = inspect.signature(metric).parameters
    assert set(parameters) == {parameter.name for parameter in METRICS[name].parameters}
    with pytest.raises(TypeError, match="argument"):
        metric(day="2019.10.10")


def test_a_lookup_returns_one_page(connection: XytClient) -> None:
    page = lookup_symbols(source="ACTIV", page_limit=3, connection=connection)
    assert page.rows == 3
    assert page.cursor
    assert page.total_hits > 3


def test_an_unknown_argument_is_a_type_error(connection: XytClient) -> None:
    with pytest.raises(TypeError, match="sybmol"):
        tick_data("ACTIV", "TRADES", "A", "2016.05.05", sybmol="A", connection=connection)


def test_get_sends_any_request(connection: XytClient) -> None:
    by_position = get("ACTIV", "exchanges", connection=connection).to_pandas()
    assert len(by_position) > 0
    for name in ("endpoint", "request"):
        by_name = get(source="ACTIV", connection=connection, **{name: "exchanges"}).to_pandas()
        pd.testing.assert_frame_equal(by_name, by_position, check_like=True)


def test_trade_conditions_are_explained(connection: XytClient) -> None:
    ticks = tick_data(
        source="ACTIV",
        symbol="ZAL.XE",
        day="2016.05.05",
        data_type="TRADES",
        flags=["INCLUDE_TRADE_CONDITION_INFO"],
        to_time="09:05",
        connection=connection,
    )
    conditions = ticks.trade_conditions()
    assert set(conditions["condition"]) == set(ticks.to_pandas()["trade_condition"])
    assert set(conditions["category"]) <= {"Lit", "Lit - Auction", "Off"}
