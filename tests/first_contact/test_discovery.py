"""Discovery finds how each dialect of the sandbox wants to be asked; then every documented function works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import tickframe as tf
from tests.scripted_server import Reply, ScriptedServer
from tickframe import errors
from tickframe.catalogue import FUNCTIONS
from tickframe.first_contact.candidates import ENDPOINTS, PARAMETERS
from tickframe.first_contact.discovery import MAXIMUM_REQUESTS, Discovery, discover
from tickframe.sandbox import Dialect, Sandbox
from tickframe.settings import Settings, resolve_settings
from tickframe.settings_file import write_settings_file

SECOND_ENDPOINTS = {
    "lookup_sources": "lookupSources",
    "lookup_exchanges": "lookupExchanges",
    "lookup_symbols": "lookupSymbols",
    "tick_aggregated": "ohlcv",
    "order_data": "orderData",
    "auction_data": "auctionData",
    "end_of_day": "endOfDayData",
    "chain": "chains",
}
SECOND_PARAMETERS = {
    "exchange_filters": "exchanges",
    "entity_class_filters": "entityFilters",
    "bin_size": "binSizeInSeconds",
}
DIALECTS = {
    "documented": Dialect(),
    "source in the path": Dialect(source="path"),
    "source in the query string": Dialect(source="query"),
    "source omitted": Dialect(source="omitted"),
    "second endpoints": Dialect(endpoints=SECOND_ENDPOINTS),
    "second parameters": Dialect(parameter_names=SECOND_PARAMETERS),
    "enums as numbers": Dialect(enums="numbers"),
    "data types as numbers": Dialect(enums="numbers_except_flags"),
    "another content type": Dialect(content_type="application/x-protobuf"),
    "errors of Spring": Dialect(errors="spring"),
    "errors without words": Dialect(errors="bare"),
    "the same cursor again": Dialect(repeats_cursor=True),
    "sign-in at another path": Dialect(auth_path=""),
    "all at once": Dialect(
        source="omitted",
        endpoints=SECOND_ENDPOINTS,
        parameter_names=SECOND_PARAMETERS,
        enums="numbers",
        content_type="text/plain",
        errors="spring",
        repeats_cursor=True,
        auth_path="",
    ),
    "all at once, without words": Dialect(
        source="omitted",
        parameter_names=SECOND_PARAMETERS,
        enums="numbers",
        content_type="text/html",
        errors="bare",
        repeats_cursor=True,
        auth_path="",
    ),
}


@dataclass
class Talk:
    """A sandbox, and what a discovery found out about it."""

    sandbox: Sandbox
    discovery: Discovery


@pytest.fixture(params=DIALECTS, scope="module")
def talk(request: pytest.FixtureRequest) -> Iterator[Talk]:
    with Sandbox(dialect=DIALECTS[request.param]) as sandbox:
        yield Talk(sandbox, discover(settings_of(sandbox), pause=0.0))


def settings_of(sandbox: Sandbox, **others: object) -> Settings:
    return resolve_settings(**sandbox.account, **others)


def test_discovery_finds_every_function_with_few_requests(talk: Talk) -> None:
    assert (talk.discovery.unanswered, talk.discovery.stopped) == ([], "")
    assert len(talk.discovery.trials) <= MAXIMUM_REQUESTS


@pytest.mark.filterwarnings("error::tickframe.TickframeWarning")
def test_every_documented_function_works_with_the_settings_that_were_found(
    talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings are written to the file that a client reads, which gets the account alone from elsewhere."""
    monkeypatch.setenv("TICKFRAME_SETTINGS", str(tmp_path / "settings.toml"))
    write_settings_file(tmp_path / "settings.toml", talk.discovery.in_file({}))
    source, symbol, day = "ACTIV", "ZAL.XE", "2016-05-05"
    trades = {"data_type": "TRADES", "flags": ["INCLUDE_NON_REGULAR"]}
    sandbox = talk.sandbox
    with tf.Client(user=sandbox.user, password=sandbox.password, client_secret=sandbox.client_secret) as client:
        assert client.check() == {"user": "sandbox"}
        future = client.chain(source, "CL", "NYMEX", day, chain_type="FUTURES").to_pandas()["symbol"][0]
        rows = {
            "lookup_sources": client.lookup_sources(),
            "lookup_exchanges": client.lookup_exchanges(source, exchange_filters=["XETRA"]),
            "lookup_symbols": client.lookup_symbols(source, entity_class_filters=["Equity"], page_limit=30),
            "tick_data": client.tick_data(source, symbol, day, to_time="09:05", **trades),
            "tick_aggregated": client.tick_aggregated(source, symbol, day, bin_size=3600, **trades),
            "tick_snapshot": client.tick_snapshot(source, [symbol], day, data_type="QUOTES", time="09:30"),
            "order_data": client.order_data(source, symbol, day, to_time="09:01"),
            "auction_data": client.auction_data(source, symbol, day),
            "end_of_day": client.end_of_day(source, symbol, day, day),
            "settlement_prices": client.settlement_prices(source, future, day, day),
            "instrument_status": client.instrument_status(source, symbol, day),
            "reference_data": client.reference_data(source, symbol, day),
            "tick_rules": client.tick_rules(source, symbol, day),
            "chain": client.chain(source, "CL", "NYMEX", day, chain_type="FUTURES"),
        }
        assert set(rows) == set(FUNCTIONS)
        tables = {name: query.to_pandas() for name, query in rows.items()}
    assert [name for name, table in tables.items() if table.empty] == []
    assert set(tables["lookup_exchanges"]["exchange"]) == {"XETRA"}
    assert len(tables["lookup_symbols"]) > 30
    assert not tables["lookup_symbols"]["symbol"].duplicated().any()
    assert len(tables["tick_aggregated"]) == 24


def test_only_what_differs_from_the_defaults_is_found() -> None:
    with Sandbox() as sandbox:
        found = discover(settings_of(sandbox), pause=0.0).in_file({"read_timeout": 9, "enums": "numbers"})
        assert found == {"base_url": sandbox.url, "read_timeout": 9}


def test_settings_that_work_are_tried_first() -> None:
    dialect = Dialect(source="query", endpoints={"lookup_exchanges": "exchangesOf"}, enums="numbers")
    with Sandbox(dialect=dialect) as sandbox:
        settings = settings_of(
            sandbox,
            path_template="/get/{endpoint}?source={source}",
            endpoints={"lookup_exchanges": "exchangesOf"},
            enums="numbers",
        )
        found = discover(settings, pause=0.0)
    assert found.unanswered == []
    assert found.settings == settings
    assert {trial.subject for trial in found.trials if not trial.worked} <= {
        name for name in FUNCTIONS if name not in ("lookup_sources", "lookup_exchanges", "tick_data")
    }


def test_a_function_that_nothing_works_for_does_not_hide_the_others() -> None:
    """Here it is the one that shows best where the source travels."""
    dialect = Dialect(source="path", endpoints={"lookup_exchanges": "unguessable"}, enums="numbers")
    with Sandbox(dialect=dialect) as sandbox:
        found = discover(settings_of(sandbox), pause=0.0)
    assert found.unanswered == ["lookup_exchanges"]
    assert (found.settings.path_template, found.settings.enums) == ("/get/{source}/{endpoint}", "numbers")
    assert len(found.trials) <= MAXIMUM_REQUESTS


def test_every_documented_function_has_candidates() -> None:
    assert set(ENDPOINTS) == set(FUNCTIONS)
    for parameter in PARAMETERS:
        assert parameter.name in {each.name for each in FUNCTIONS[parameter.function].parameters}


def test_sign_in_at_another_address_is_a_setting() -> None:
    with Sandbox(dialect=Dialect(auth_path="/identity/v1")) as sandbox:
        found = discover(settings_of(sandbox, auth_url=f"{sandbox.url}/identity/v1"), pause=0.0)
        assert found.unanswered == []
        assert found.in_file({})["auth_url"] == f"{sandbox.url}/identity/v1"
        missing = discover(settings_of(sandbox), pause=0.0)
    assert "TICKFRAME_AUTH_URL" in missing.stopped
    assert missing.unanswered == list(FUNCTIONS)


def test_a_refused_password_is_not_sent_again() -> None:
    with Sandbox() as sandbox:
        found = discover(resolve_settings(**{**sandbox.account, "password": "wrong-password"}), pause=0.0)
    assert [trial.subject for trial in found.trials] == ["sign-in"]
    assert "refused the account" in found.stopped


def test_an_incomplete_account_is_an_error_before_anything_is_sent(scripted: ScriptedServer) -> None:
    with pytest.raises(errors.SettingsError, match="client_secret"):
        discover(Settings(base_url=scripted.url, user="u", password="p"), pause=0.0)
    assert scripted.received == []


@pytest.mark.parametrize("reply", [Reply(b"no", 404), Reply(b"no", 500), Reply(b"<html>", 200), Reply(b"", 200)])
def test_a_service_that_answers_nothing_useful_is_asked_at_most_forty_times(
    scripted: ScriptedServer, reply: Reply
) -> None:
    scripted.reply(reply)
    found = discover(Settings(base_url=scripted.url, token="t"), pause=0.0)
    assert found.stopped.startswith("no request with source 'ACTIV' worked")
    assert len(found.trials) == len(scripted.received) <= MAXIMUM_REQUESTS
    assert found.unanswered == list(FUNCTIONS)


def test_a_service_that_asks_for_fewer_requests_is_left_alone(scripted: ScriptedServer) -> None:
    scripted.reply(Reply(b"", 429, headers={"Retry-After": "0"}))
    found = discover(Settings(base_url=scripted.url, token="t"), pause=0.0)
    assert found.stopped.startswith("the service asks for fewer requests")
    assert len(scripted.received) == 2


def test_a_revoked_token_ends_the_discovery(scripted: ScriptedServer) -> None:
    scripted.reply(Reply(b"", 401))
    found = discover(Settings(base_url=scripted.url, token="t"), pause=0.0)
    assert found.stopped.startswith("the service refuses the token")
    assert len(scripted.received) == 2


def test_without_a_connection_one_request_is_enough() -> None:
    found = discover(Settings(base_url="http://127.0.0.1:1", token="t"), pause=0.0)
    assert found.stopped.startswith("no connection")
    assert len(found.trials) == 1


def test_requests_are_apart(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    scripted.reply(Reply(b"", 404))
    found = discover(Settings(base_url=scripted.url, token="t"))
    assert slept == [1.0] * (len(found.trials) - 1)


def test_each_trial_is_told_with_what_the_service_said() -> None:
    told: list[object] = []
    with Sandbox(dialect=Dialect(errors="spring")) as sandbox:
        found = discover(settings_of(sandbox), pause=0.0, tell=told.append)
    assert told == found.trials
    refused = next(trial for trial in found.trials if "lookupExchanges" in trial.tried)
    assert not refused.worked
    assert re.match(r"HTTP 404: .*lookupExchanges", refused.answer)
