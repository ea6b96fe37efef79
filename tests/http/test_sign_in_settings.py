"""Where a client signs in, and what it sends with each request."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

import tickframe as tf
from tests.scripted_server import Reply, ScriptedServer
from tickframe import errors
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

GRANT = Reply(json.dumps({"access_token": "granted", "expires_in": 3600}).encode(), content_type="application/json")
EMPTY = Reply(write_frame(DataResponse().SerializeToString()))
ACCOUNT = {"user": "u", "password": "pass-word", "client_secret": "client-secret"}


@pytest.fixture
def sign_in() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        server.reply(GRANT)
        yield server


def test_the_password_goes_to_the_address_of_sign_in_only(scripted: ScriptedServer, sign_in: ScriptedServer) -> None:
    scripted.reply(EMPTY)
    with tf.Client(
        scripted.url, auth_url=f"{sign_in.url}/sso", token_path="/grant", user_path="/me", **ACCOUNT
    ) as client:
        client.get("ACTIV", "tickData").to_arrow()
        sign_in.reply(Reply(b'{"user": "u"}'))
        assert client.check() == {"user": "u"}
    assert [request.path for request in sign_in.received] == ["/sso/grant", "/sso/me"]
    assert b"pass-word" in sign_in.received[0].body
    [data] = scripted.received
    assert data.headers["Authorization"] == "Bearer granted"
    assert b"pass-word" not in data.body


@pytest.mark.parametrize(
    ("header", "name", "value"),
    [("X-API-Key", "X-API-Key", "the-key"), ("Authorization: ApiKey {api_key}", "Authorization", "ApiKey the-key")],
)
def test_an_api_key_in_a_header_needs_no_token(scripted: ScriptedServer, header: str, name: str, value: str) -> None:
    scripted.reply(EMPTY)
    with tf.Client(scripted.url, api_key="the-key", api_key_header=header) as client:
        client.get("ACTIV", "tickData").to_arrow()
    [request] = scripted.received
    assert request.headers[name] == value
    assert request.path == "/get/tickData"
    assert ("Authorization" in request.headers) == (name == "Authorization")


def test_a_refused_api_key_is_in_no_error(scripted: ScriptedServer) -> None:
    scripted.reply(Reply(b'{"message": "no such key the-key"}', 401))
    with (
        tf.Client(scripted.url, api_key="the-key", api_key_header="X-API-Key") as client,
        pytest.raises(errors.AuthenticationError) as raised,
    ):
        client.get("ACTIV", "tickData").to_arrow()
    assert "the-key" not in str(raised.value)
    assert len(scripted.received) == 1


def test_without_the_api_key_the_error_names_it(scripted: ScriptedServer) -> None:
    with (
        tf.Client(scripted.url, api_key_header="X-API-Key") as client,
        pytest.raises(errors.SettingsError, match="TICKFRAME_API_KEY"),
    ):
        client.check()
    assert scripted.received == []


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("/get/{source}/{endpoint}", "/get/A%2FB/tickData"),
        ("/get/{endpoint}?source={source}", "/get/tickData?source=A%2FB"),
    ],
)
def test_the_source_travels_in_the_path(scripted: ScriptedServer, template: str, path: str) -> None:
    scripted.reply(EMPTY)
    with tf.Client(scripted.url, token="t", path_template=template) as client:
        client.get("A/B", "tickData").to_arrow()
    assert [request.path for request in scripted.received] == [path]


def test_a_success_of_sign_in_does_not_hide_that_the_settings_may_be_wrong(scripted: ScriptedServer) -> None:
    scripted.reply(Reply(b'{"user": "u"}'), Reply(b"", 404))
    with tf.Client(scripted.url, token="t") as client:
        client.check()
        with pytest.raises(errors.UnknownEndpointError, match="check --discover"):
            client.get("ACTIV", "tickData").to_arrow()
