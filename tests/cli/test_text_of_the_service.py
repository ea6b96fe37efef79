"""Names, cells and messages that steer a terminal or look like markup: they are shown as they are, and do nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from tests.scripted_server import Reply, ScriptedServer
from tickframe.cli.app import app
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

ESCAPES = "\x1b]0;title\x07\x1b[2J\x9b31m\u202egnp.exe\r\n"
# What a terminal must not get.
STEERING = ("\x1b", "\x07", "\x9b", "\u202e", "\r")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        monkeypatch.setenv("TICKFRAME_URL", server.url)
        monkeypatch.setenv("TICKFRAME_TOKEN", "t")
        yield server


def ticks(*, name: str, cell: str, warning: str) -> bytes:
    response = DataResponse()
    response.header.warning_message = warning
    columns = response.data.columns
    columns["symbol"].string_list.values.append(cell)
    columns["date"].days_list.values.append(16_926)
    columns["time"].nanoseconds_list.values.append(32_400 * 10**9)
    columns["trade"].double_list.values.append(1.5)
    columns["trade_size"].integer_list.values.append(1)
    columns["trade_condition"].string_list.values.append(cell)
    columns[name].string_list.values.append(cell)
    response.meta["truncated_trade_rows"].string_value = warning
    return write_frame(response.SerializeToString())


def load(*options: str) -> Result:
    return CliRunner().invoke(app, ["load", "ACTIV", "A", "B", "2016-05-05", "--type", "trades", *options])


def is_clean(text: str) -> bool:
    return not any(each in text for each in STEERING)


@pytest.mark.parametrize("markup", ["[/]", "[bold]", "[link=https://a.example]x[/link]", ":smile:", "[red", "<b>&amp;"])
def test_markup_is_shown_as_it_is(service: ScriptedServer, markup: str) -> None:
    service.reply(Reply(ticks(name=markup, cell=f"cell {markup}", warning=f"warning {markup}")))
    result = load()
    assert result.exit_code == 0, result.output
    assert markup in result.stdout.splitlines()[1]
    assert f"cell {markup}" in result.stdout
    assert f"warning {markup}" in result.stderr


def test_control_characters_are_escaped(service: ScriptedServer) -> None:
    service.reply(Reply(ticks(name=f"n{ESCAPES}", cell=f"c{ESCAPES}", warning=f"w{ESCAPES}")))
    result = load()
    assert result.exit_code == 0, result.output
    assert is_clean(result.output)
    assert r"n\x1b]0;title\x07\x1b[2J\x9b31m\x202egnp.exe" in result.stdout
    assert r"w\x1b]0;title" in result.stderr


@pytest.mark.parametrize("debug", [[], ["--debug"]])
def test_a_refusal_is_shown_without_control_characters(service: ScriptedServer, debug: list[str]) -> None:
    service.reply(Reply(json.dumps({"error_description": f"d{ESCAPES}"}).encode(), 403, "application/json"))
    result = load(*debug)
    assert result.exit_code == 1
    assert is_clean(result.output)
    assert "gnp.exe" in result.stderr


@pytest.mark.parametrize("debug", [[], ["--debug"]])
def test_a_column_that_cannot_be_read_is_named_without_control_characters(
    service: ScriptedServer, debug: list[str]
) -> None:
    response = DataResponse()
    response.data.columns[f"a{ESCAPES}"].integer_list.values.extend([1, 2])
    for name in "bc":
        response.data.columns[name].integer_list.values.append(1)
    service.reply(Reply(write_frame(response.SerializeToString())))
    result = load(*debug)
    assert result.exit_code == 1
    assert is_clean(result.output)
    assert "gnp.exe" in result.stderr


def test_the_account_is_shown_without_control_characters_and_markup(service: ScriptedServer) -> None:
    service.reply(Reply(json.dumps({f"[/]{ESCAPES}": f"[/]{ESCAPES}"}).encode(), 200, "application/json"))
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code == 0, result.output
    assert is_clean(result.output)
    assert r"account: [/]\x1b" in result.stdout
