"""One framed request over HTTP: what is sent, and the error for each invalid response."""

from __future__ import annotations

import io
import logging
import pickle
import socket
import traceback
from collections.abc import Iterator

import pytest
import requests

import tickframe as tf
from tests.scripted_server import OCTET_STREAM, Reply, ScriptedServer
from tickframe import errors
from tickframe.sandbox import Sandbox
from tickframe.wire.contract import DataRequest, DataResponse
from tickframe.wire.frames import Marker, read_frames, write_frame

pytestmark = pytest.mark.usefixtures("waits")

SECRET = "s3cr3t-t0k3n"


def answer(rows: int = 2, marker: Marker = Marker.VARINT) -> bytes:
    response = DataResponse()
    response.data.columns["price"].double_list.values.extend([1.5] * rows)
    return write_frame(response.SerializeToString(), marker)


@pytest.fixture
def client(scripted: ScriptedServer) -> tf.Client:
    with tf.Client(scripted.url, token=SECRET) as connected:
        yield connected


@pytest.fixture
def refusing_url() -> Iterator[str]:
    """Return the address of a socket that does not listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def ask(client: tf.Client) -> tf.Query:
    return client.get("ACTIV", "prices", symbol="ZAL.XE")


@pytest.mark.parametrize("marker", Marker)
def test_a_token_is_enough_for_a_framed_request(client: tf.Client, scripted: ScriptedServer, marker: Marker) -> None:
    scripted.reply(Reply(answer(2, marker)))
    assert ask(client).to_arrow().to_pydict() == {"price": [1.5, 1.5]}
    [request] = scripted.received
    assert (request.method, request.path) == ("POST", "/get/prices")
    assert request.headers["Authorization"] == f"Bearer {SECRET}"
    assert request.headers["Content-Type"] == OCTET_STREAM
    assert request.body[0] == Marker.VARINT
    sent = DataRequest.FromString(next(read_frames(request.body)))
    assert {name: value.string_value for name, value in sent.parameters.items()} == {
        "source": "ACTIV",
        "symbol": "ZAL.XE",
    }
    assert sent.header.reference_id.value


def test_several_frames_of_one_response_are_one_table(client: tf.Client, scripted: ScriptedServer) -> None:
    scripted.reply(Reply(answer(2) + answer(1, Marker.FIXED)))
    table = ask(client).to_arrow()
    assert table.num_rows == 3
    assert table.column("price").num_chunks == 2


def test_path_endpoint_and_parameter_names_can_be_replaced(scripted: ScriptedServer) -> None:
    scripted.reply(Reply(answer(0)))
    with tf.Client(
        scripted.url,
        token=SECRET,
        path_template="/v3/{endpoint}/ask",
        endpoints={"tick_data": "ticks"},
        parameter_names={"data_type": "type"},
    ) as client:
        client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES", from_time="09:00").to_arrow()
    [request] = scripted.received
    assert request.path == "/v3/ticks/ask"
    sent = DataRequest.FromString(next(read_frames(request.body)))
    assert set(sent.parameters) == {"source", "type", "symbol", "day", "fromTime"}
    assert sent.parameters["day"].days_value == 16926
    assert sent.parameters["fromTime"].nanoseconds_value == 32_400 * 10**9


PAGE = b"<html><body>Please log in</body></html>"


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply(b'{"error_description": "unknown"}', 404, "application/json"), errors.UnknownEndpointError, "unknown"),
        (Reply(b"", 401), errors.AuthenticationError, "refused"),
        (
            Reply(b'{"error_description": "no right"}', 403, "application/json"),
            errors.PermissionDeniedError,
            "no right",
        ),
        (Reply(b"", 429), errors.RateLimitError, "429"),
        (Reply(b"oops", 500, "text/plain"), errors.ServiceError, "HTTP 500"),
        (Reply(b"[1", 400, "application/json"), errors.ServiceError, "HTTP 400"),
        (Reply(b'{"error_description": null}', 400, "application/json"), errors.ServiceError, "HTTP 400"),
        (Reply(b"", 302, headers={"Location": "https://elsewhere.example/"}), errors.ServiceError, "redirects"),
        (Reply(PAGE, 200, "text/html"), errors.UnexpectedContentError, "text/html"),
        (Reply(b'{"error_description": "odd"}', 200, "application/json"), errors.UnexpectedContentError, "odd"),
        (Reply(PAGE), errors.UnexpectedContentError, "expected a frame"),
        (Reply(b"\xfb\x01\x02"), errors.FrameMarkerError, "0xFB"),
        (Reply(b""), errors.TruncatedFrameError, "empty"),
        (Reply(answer()[:-1]), errors.TruncatedFrameError, "cut short"),
        (Reply(b"\xfa\x05" + answer()[2:]), errors.TrailingBytesError, "no frame|0x"),
        (Reply(answer() + b"\n"), errors.TrailingBytesError, "0x0A"),
        (Reply(b"\xff\xff\xff\xff\xf0" + bytes(16)), errors.FrameLengthError, "negative"),
        (Reply(b"\xfa\xff\xff\xff\xff\x0f" + bytes(16)), errors.FrameLengthError, "31 bits"),
        (Reply(b"\xff\x7f\xff\xff\xff" + bytes(16)), errors.TruncatedFrameError, "16 of 2,147,483,647 bytes arrived"),
        (Reply(answer(), announced=1000), errors.TransportError, "cut short"),
        (Reply(write_frame(b"\x12\x7f")), errors.DecodeError, "DataResponse"),
    ],
)
def test_each_invalid_response_has_its_own_error_without_a_secret(
    client: tf.Client, scripted: ScriptedServer, reply: Reply, error: type[tf.TickframeError], words: str
) -> None:
    scripted.reply(reply)
    query = ask(client)
    with pytest.raises(error, match=words) as raised:
        query.to_pandas()
    assert raised.type is error
    assert raised.value.part == "prices source=ACTIV symbol=ZAL.XE"
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    [outcome] = query.outcomes
    assert (outcome.rows, outcome.error) == (0, str(raised.value))
    again = pickle.loads(pickle.dumps(raised.value))  # noqa: S301, our own
    assert (type(again), str(again), vars(again)) == (error, str(raised.value), vars(raised.value))


@pytest.mark.parametrize("content_type", ["application/x-protobuf", "text/html", "application/json", ""])
def test_a_frame_of_any_content_type_is_read(client: tf.Client, scripted: ScriptedServer, content_type: str) -> None:
    scripted.reply(Reply(answer(), content_type=content_type))
    assert ask(client).to_arrow().num_rows > 0
    assert scripted.received[0].headers["Accept"].endswith(", */*")


SPRING = (
    '{"timestamp": "2016-05-05T09:00:00", "status": %d, "error": "Not Found", "message": "%s", "path": "/get/prices"}'
)


@pytest.mark.parametrize("status", [200, 400, 404, 500])
@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        ('{"error_description": "no right", "error": "denied"}', "application/json", "no right"),
        (SPRING % (404, "No handler"), "application/json", "No handler"),
        (SPRING % (404, ""), "application/json", "Not Found"),
        ('{"error": {"code": 5}}', "application/json", ""),
        ('"not today"', "application/json", "not today"),
        ("<!doctype html><title>Log in &amp;\n continue</title><p>Hello", "text/html", "Log in & continue"),
        ("\ufeff<html><body>Hello", "text/html; charset=utf-8", ""),
        ("closed for\r\nmaintenance", "text/plain", "closed for maintenance"),
        ('{"message": "red \\u001b[31m\\u202e alarm"}', "application/json", "red [31m alarm"),
        (f"token {SECRET} expired", "text/plain", "token *** expired"),
        ('{"message": "' + "x" * 600 + '"}', "application/json", "x" * 500),
    ],
)
def test_a_document_in_place_of_a_frame_is_an_error_with_its_words(
    scripted: ScriptedServer, status: int, body: str, content_type: str, words: str
) -> None:
    scripted.reply(Reply(body.encode(), status, content_type))
    with (
        tf.Client(scripted.url, token=SECRET, retry_seconds=0) as client,
        pytest.raises(errors.ServiceError) as raised,
    ):
        ask(client).to_arrow()
    assert raised.value.status == status
    assert raised.value.description == words
    assert (f"; it says: {words}" if words else "") in str(raised.value)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "reply", [Reply(b"", 404), Reply(b"", 400), Reply(PAGE), Reply(b"{}", 200, "application/json"), Reply(b"\xfb\x01")]
)
def test_an_error_of_the_first_request_names_the_command_that_finds_settings(
    client: tf.Client, scripted: ScriptedServer, reply: Reply
) -> None:
    scripted.reply(Reply(b"{}", content_type="application/json"), reply)
    # That signing in works says nothing about requests for data.
    client.check()
    with pytest.raises(tf.TickframeError, match="`tickframe check --discover`"):
        ask(client).to_arrow()
    scripted.reply(Reply(answer()))
    ask(client).to_arrow()
    scripted.reply(reply)
    with pytest.raises(tf.TickframeError) as raised:
        ask(client).to_arrow()
    assert "--discover" not in str(raised.value)


def test_an_unknown_path_of_the_account_names_the_command_that_finds_settings(
    client: tf.Client, scripted: ScriptedServer
) -> None:
    scripted.reply(Reply(b"", 404))
    with pytest.raises(errors.UnknownEndpointError, match="`tickframe check --discover`"):
        client.check()


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_an_error_that_no_setting_causes_names_no_command(scripted: ScriptedServer, status: int) -> None:
    scripted.reply(Reply(b"", status))
    with (
        tf.Client(scripted.url, token=SECRET, retry_seconds=0) as client,
        pytest.raises(errors.ServiceError) as raised,
    ):
        ask(client).to_arrow()
    assert "--discover" not in str(raised.value)


def test_a_refusal_keeps_status_description_and_request_id(client: tf.Client, scripted: ScriptedServer) -> None:
    scripted.reply(Reply(b'{"error_description": "no such symbol list"}', 400, "application/json"))
    with pytest.raises(errors.ServiceError) as raised:
        ask(client).to_arrow()
    sent = DataRequest.FromString(next(read_frames(scripted.received[0].body)))
    assert raised.value.status == 400
    assert raised.value.description == "no such symbol list"
    assert raised.value.request_id == sent.header.reference_id.value


@pytest.mark.parametrize(
    "failure", [Reply(b"", 503), Reply(b"", 429), Reply(answer()[:-1]), Reply(answer(), announced=1000)]
)
def test_a_transient_failure_is_retried(client: tf.Client, scripted: ScriptedServer, failure: Reply) -> None:
    scripted.reply(failure, failure, Reply(answer()))
    query = ask(client)
    assert query.to_arrow().num_rows == 2
    assert [outcome.attempts for outcome in query.outcomes] == [3]


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_permanent_refusal_is_not_retried(client: tf.Client, scripted: ScriptedServer, status: int) -> None:
    scripted.reply(Reply(b"", status))
    with pytest.raises(errors.ServiceError) as raised:
        ask(client).to_arrow()
    assert raised.value.attempts == len(scripted.received) == 1


def test_a_redirect_does_not_carry_the_token_away(scripted: ScriptedServer) -> None:
    with ScriptedServer() as elsewhere, tf.Client(scripted.url, token=SECRET) as client:
        elsewhere.reply(Reply(answer()))
        scripted.reply(Reply(b"", 307, headers={"Location": elsewhere.url + "/get/prices"}))
        with pytest.raises(errors.ServiceError, match="redirects"):
            ask(client).to_arrow()
        assert elsewhere.received == []


def test_a_response_over_the_length_limit_is_refused(scripted: ScriptedServer) -> None:
    scripted.reply(Reply(answer(100)))
    with (
        tf.Client(scripted.url, token=SECRET, maximum_length=100) as client,
        pytest.raises(errors.FrameLengthError, match="limit is 100"),
    ):
        ask(client).to_arrow()


def test_a_closed_port_is_a_transport_error_with_its_cause(refusing_url: str) -> None:
    with tf.Client(refusing_url, token=SECRET) as client, pytest.raises(errors.TransportError) as raised:
        ask(client).to_arrow()
    assert isinstance(raised.value.__cause__, requests.ConnectionError)


def test_a_wrong_password_is_an_authentication_error(sandbox: Sandbox) -> None:
    with (
        tf.Client(sandbox.url, user=sandbox.user, password="wr0ng", client_secret=sandbox.client_secret) as client,
        pytest.raises(errors.AuthenticationError, match="password") as raised,
    ):
        client.check()
    assert "wr0ng" not in str(raised.value)


def test_a_wrong_client_secret_is_an_authentication_error(sandbox: Sandbox) -> None:
    with (
        tf.Client(sandbox.url, user=sandbox.user, password=sandbox.password, client_secret="wr0ng") as client,
        pytest.raises(errors.AuthenticationError),
    ):
        client.check()


def test_a_response_without_a_token_is_refused_without_being_shown(scripted: ScriptedServer) -> None:
    scripted.reply(Reply(b'{"refresh_token": "s3cr3t"}', 200, "application/json"))
    with (
        tf.Client(scripted.url, user="u", password="p", client_secret="c") as client,
        pytest.raises(errors.UnexpectedContentError) as raised,
    ):
        client.check()
    assert "s3cr3t" not in "".join(traceback.format_exception(raised.value))


def test_an_incomplete_account_names_what_is_missing() -> None:
    with tf.Client() as client, pytest.raises(errors.SettingsError, match=r"TICKFRAME_USER.*Client\.sandbox"):
        client.check()


def test_a_revoked_token_is_renewed_once(sandbox: Sandbox) -> None:
    with tf.Client(**sandbox.account) as client:
        assert client.check()["user"] == sandbox.user
        sandbox.revoke_tokens()
        assert client.check()["user"] == sandbox.user


def test_a_netrc_file_does_not_replace_the_token(
    client: tf.Client, scripted: ScriptedServer, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    scripted.reply(Reply(answer()))
    ask(client).to_arrow()
    assert scripted.received[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_no_log_holds_a_secret(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), tf.Client(**sandbox.account) as client:
        client.lookup_sources().to_arrow()
    text = io.StringIO(caplog.text).read()
    assert sandbox.password not in text
    assert sandbox.client_secret not in text


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"1",
        b"null",
        b'{"access_token": null}',
        b'{"access_token": "a\\nb"}',
        b"<html>",
        b"",
        b"\xff",
        b"[" * 60_000,
    ],
)
def test_an_invalid_token_response_is_refused(scripted: ScriptedServer, body: bytes) -> None:
    scripted.reply(Reply(body, 200, "application/json"))
    account = {"user": "u", "password": "p", "client_secret": "c"}
    with tf.Client(scripted.url, **account) as client, pytest.raises(errors.UnexpectedContentError):
        client.check()


@pytest.mark.parametrize("body", [b"[]", b"1", b"<html>", b"", b"\xff", b"[" * 60_000])
def test_an_invalid_account_is_refused(client: tf.Client, scripted: ScriptedServer, body: bytes) -> None:
    scripted.reply(Reply(body, 200, "application/json"))
    with pytest.raises(errors.UnexpectedContentError):
        client.check()


@pytest.mark.parametrize("lifetime", ["Infinity", "-1", '"soon"', "0", "1e400"])
def test_an_invalid_lifetime_is_replaced_by_the_documented_one(scripted: ScriptedServer, lifetime: str) -> None:
    scripted.reply(
        Reply(f'{{"access_token": "granted", "expires_in": {lifetime}}}'.encode(), 200, "application/json"),
        Reply(b'{"user": "u"}', 200, "application/json"),
    )
    with tf.Client(scripted.url, user="u", password="pä€", client_secret="cä€") as client:
        assert client.check() == {"user": "u"}


def test_a_secret_in_a_description_is_masked(client: tf.Client, scripted: ScriptedServer) -> None:
    scripted.reply(Reply(f'{{"error_description": "Invalid token {SECRET}"}}'.encode(), 400, "application/json"))
    with pytest.raises(errors.ServiceError, match=r"Invalid token \*\*\*") as raised:
        ask(client).to_arrow()
    assert SECRET not in "".join(traceback.format_exception(raised.value)) + repr(vars(raised.value))


def test_a_cause_does_not_keep_the_request(refusing_url: str) -> None:
    """The request holds the token, and an error may be pickled or shown by a debugger."""
    with tf.Client(refusing_url, user="u", password="hunter2", client_secret="c") as client:
        with pytest.raises(errors.TransportError) as raised:
            client.check()
        cause = raised.value.__cause__
        assert isinstance(cause, requests.ConnectionError)
        assert cause.request is None


def test_the_response_to_another_request_is_refused(client: tf.Client, scripted: ScriptedServer) -> None:
    response = DataResponse()
    response.header.reference_id.value = "someone-elses"
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with pytest.raises(errors.TransportError, match="another request"):
        ask(client).to_arrow()


@pytest.mark.parametrize("setting", [{"verify": "/nowhere.pem"}, {"cert": "/nowhere.pem"}])
def test_a_missing_certificate_file_is_named(setting: dict[str, str]) -> None:
    with tf.Client("https://127.0.0.1:1", token=SECRET, **setting) as client:
        with pytest.raises(errors.TransportError, match=r"nowhere\.pem") as raised:
            ask(client).to_arrow()
        assert raised.value.attempts == 1


@pytest.mark.parametrize("retry_after", ["7", "Wed, 21 Oct 2065 07:28:00 GMT", "soon"])
def test_retry_after_is_waited(
    client: tf.Client, scripted: ScriptedServer, retry_after: str, waits: list[float]
) -> None:
    scripted.reply(Reply(b"", 429, headers={"Retry-After": retry_after}), Reply(answer()))
    if retry_after.startswith("Wed"):
        with pytest.raises(errors.RateLimitError):
            ask(client).to_arrow()
        return
    assert ask(client).to_arrow().num_rows == 2
    assert (max(waits) == 7.0) == (retry_after == "7")
