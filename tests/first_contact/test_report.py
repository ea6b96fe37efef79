"""A report says what a service answers, and holds no secret; a captured frame is decoded again."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

import tickframe as tf
import tickframe.decode
from tests.scripted_server import Reply, ScriptedServer
from tickframe import errors
from tickframe.catalogue import FUNCTIONS, TickDataType
from tickframe.first_contact.report import REPORTED, write_report
from tickframe.sandbox import Dialect, Sandbox
from tickframe.settings import Settings, resolve_settings
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

ACCOUNT = {"user": "jane.doe@example.com", "password": 'pass word/"+ä', "client_secret": "client-secret-1"}


def forms(secret: str) -> set[str]:
    """Return what a secret looks like where it is encoded."""
    written = secret.encode()
    return {
        secret,
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        base64.b64encode(written).decode().rstrip("="),
        base64.b64encode(b"xyt:" + written).decode().rstrip("="),
    }


def test_a_report_says_what_the_service_answers() -> None:
    with Sandbox(dialect=Dialect(content_type="application/x-protobuf")) as sandbox:
        report = json.loads(write_report(resolve_settings(**sandbox.account), pause=0.0))
    exchanges = {each["name"]: each for each in report["exchanges"]}
    assert list(exchanges) == ["sign-in", "account", *REPORTED]
    trades = exchanges["tick_data"]
    assert (trades["status"], trades["outcome"], trades["frames"]) == (200, "frames", 1)
    assert trades["headers"]["content-type"] == "application/x-protobuf"
    assert trades["first_bytes"]["hex"].startswith("fa ")
    assert trades["columns"]["trade_size"] == "int64"
    assert trades["rows"] > 0
    assert 0 <= trades["seconds_to_headers"] <= trades["seconds"]
    assert exchanges["account"]["fields"] == ["user"]
    assert report["settings"]["path_template"] == "/get/{endpoint}"
    assert report["settings"]["password"] == "set"
    assert set(report["versions"]) >= {"tickframe", "python", "pandas", "pyarrow", "protobuf"}
    assert "captured" not in report


def test_a_captured_frame_is_decoded_again() -> None:
    with Sandbox() as sandbox, tf.Client(**sandbox.account) as client:
        report = json.loads(write_report(client.settings, capture=True, pause=0.0))
        expected = client.tick_data(
            "ACTIV",
            "ZAL.XE",
            "2016-05-05",
            data_type="TRADES",
            from_time="09:00",
            to_time="09:01",
            flags=["INCLUDE_NON_REGULAR"],
        ).to_arrow(times="documented")
    frames = base64.b64decode(report["captured"]["frames"])
    columns = FUNCTIONS[report["captured"]["function"]].columns_for(TickDataType.TRADES)
    [batch] = tickframe.decode.read_batches(frames, columns)
    assert batch.num_rows == expected.num_rows > 0
    assert batch.to_pylist() == expected.to_pylist()


def test_a_service_that_repeats_secrets_does_not_bring_them_into_the_report(scripted: ScriptedServer) -> None:
    """They may be in headers, bodies, frames, warnings and errors, encoded or not."""
    token = "tok-en-0123456789"
    repeated = " ".join(form for secret in (*ACCOUNT.values(), token) for form in forms(secret) if form.isascii())
    document = json.dumps({"message": repeated, "password": ACCOUNT["password"]}).encode()
    frame = DataResponse()
    frame.header.warning_message = f"{repeated} {ACCOUNT['password']}"
    framed = write_frame(frame.SerializeToString())
    grant = json.dumps({"access_token": token, "expires_in": 3600}).encode()
    cookie = {"Set-Cookie": "session=cookie-of-mine", "X-Session": "header-of-mine", "Server": token}
    scripted.reply(
        Reply(grant, content_type="application/json"),
        Reply(json.dumps({"email": ACCOUNT["user"], "key": repeated}).encode(), headers=cookie),
        Reply(document, 400, "application/json"),
        Reply(f"<html>{repeated}</html>".encode(), 200, "text/html", headers=cookie),
        Reply(framed, headers=cookie),
    )
    settings = Settings(base_url=scripted.url, proxies={"no_proxy": "u:proxy-secret@host"}, **ACCOUNT)
    written = write_report(settings, capture=True, pause=0.0)
    assert json.loads(written)["captured"]["frames"] is None
    for secret in (*ACCOUNT.values(), token, "cookie-of-mine", "header-of-mine", "proxy-secret"):
        assert [form for form in {*forms(secret), secret.encode().hex(" ")} if form in written] == []


@pytest.mark.parametrize("reply", [Reply(b"<html>Log in</html>", 200, "text/html"), Reply(b"\x00\x01", 500)])
def test_the_first_bytes_of_another_answer_are_reported(scripted: ScriptedServer, reply: Reply) -> None:
    scripted.reply(reply)
    report = json.loads(write_report(Settings(base_url=scripted.url, token="t0ken"), pause=0.0))
    exchange = report["exchanges"][-1]
    assert exchange["status"] == reply.status
    assert exchange["first_bytes"]["hex"] == reply.body[:64].hex(" ")
    assert exchange["first_bytes"]["text"] == (reply.body.decode() if reply.status == 200 else "")


def test_a_refused_password_is_sent_once(scripted: ScriptedServer) -> None:
    scripted.reply(Reply(b'{"error_description": "Bad credentials"}', 400, "application/json"))
    report = json.loads(write_report(Settings(base_url=scripted.url, **ACCOUNT), pause=0.0))
    assert [each["name"] for each in report["exchanges"]] == ["sign-in"]
    assert "Bad credentials" in report["exchanges"][0]["outcome"]
    assert len(scripted.received) == 1


def test_an_incomplete_account_is_an_error(scripted: ScriptedServer) -> None:
    with pytest.raises(errors.SettingsError, match="client_secret"):
        write_report(Settings(base_url=scripted.url, user="u", password="p"), pause=0.0)
    assert scripted.received == []
