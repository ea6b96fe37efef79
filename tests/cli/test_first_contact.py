"""``tickframe check --discover`` and ``--report``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import tickframe as tf
from tickframe.cli.app import app
from tickframe.sandbox import Dialect, Sandbox


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    """Return a sandbox that wants the source in the path, and has another endpoint for orders."""
    with Sandbox(dialect=Dialect(source="path", endpoints={"order_data": "orderData"})) as sandbox:
        yield sandbox


pytestmark = pytest.mark.usefixtures("account")


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config" / "settings.toml"
    monkeypatch.setenv("TICKFRAME_SETTINGS", str(path))
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


def test_discover_writes_the_settings_that_a_client_reads(account: Sandbox, settings_file: Path) -> None:
    result = run("--discover")
    assert result.exit_code == 0, result.output
    written = (
        f'base_url = "{account.url}"\npath_template = "/get/{{source}}/{{endpoint}}"\n\n'
        '[endpoints]\n"order_data" = "orderData"\n'
    )
    assert settings_file.read_text() == written
    assert result.stdout.endswith(f"\n\n{written}")
    assert "order_data         works  POST /get/ACTIV/orderData" in result.stdout
    assert result.stderr == f"settings: {settings_file}\n"
    with tf.Client() as client:
        assert not client.end_of_day("ACTIV", "ZAL.XE", "2016-05-05", "2016-05-05").to_pandas().empty
    for secret in (account.password, account.client_secret):
        assert secret not in result.output


def test_discover_keeps_other_settings_and_the_file_before(account: Sandbox, settings_file: Path) -> None:
    settings_file.parent.mkdir()
    before = f'# mine\nbase_url = "{account.url}"\nread_timeout = 33\nenums = "names"\n[endpoints]\nchain = "old"\n'
    settings_file.write_text(before)
    result = run("--discover")
    assert result.exit_code == 0, result.output
    assert "read_timeout = 33" in settings_file.read_text()
    assert "old" not in settings_file.read_text()
    assert settings_file.with_name("settings.toml.previous").read_text() == before


def test_discover_keeps_nothing_of_another_service(account: Sandbox, settings_file: Path) -> None:
    settings_file.parent.mkdir()
    settings_file.write_text('path_template = "/v2/{endpoint}"\nread_timeout = 33\n')
    assert run("--discover").exit_code == 0
    assert "read_timeout" not in settings_file.read_text()
    assert f'base_url = "{account.url}"' in settings_file.read_text()


def test_discover_can_write_elsewhere_or_nowhere(settings_file: Path, tmp_path: Path) -> None:
    result = run("--discover", "--json", "--no-write")
    found = json.loads(result.stdout)
    assert found["settings"]["endpoints"] == {"order_data": "orderData"}
    assert {"subject", "tried", "worked", "answer", "seconds"} == set(found["trials"][0])
    assert run("--discover", "--out", str(tmp_path / "other.toml")).exit_code == 0
    assert (tmp_path / "other.toml").exists()
    assert not settings_file.exists()


def test_discover_with_the_sandbox_option_writes_nothing(settings_file: Path) -> None:
    assert run("--discover", "--sandbox").exit_code == 0
    assert not settings_file.exists()


def test_discover_that_finds_nothing_exits_with_1(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKFRAME_PASSWORD", "not-the-password")
    result = run("--discover")
    assert result.exit_code == 1
    assert "stopped: the service refused the account" in result.stderr
    assert not settings_file.exists()


@pytest.mark.usefixtures("settings_file")
def test_a_source_that_does_not_exist_is_named() -> None:
    result = run("--discover", "--no-write", "--source", "NOWHERE")
    assert result.exit_code == 1
    assert "no request with source 'NOWHERE' worked" in result.stderr
    assert "unknown source 'NOWHERE'" in result.stdout


@pytest.mark.usefixtures("settings_file")
def test_a_report_follows_a_discovery_and_holds_no_secret(account: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    result = run("--discover", "--report", str(path), "--capture")
    assert result.exit_code == 0, result.output
    report = json.loads(path.read_text())
    assert report["settings"]["path_template"] == "/get/{source}/{endpoint}"
    assert {each["status"] for each in report["exchanges"] if "status" in each} == {200}
    assert report["captured"]["frames"]
    for secret in (account.password, account.client_secret):
        assert secret not in path.read_text()


@pytest.mark.parametrize("option", ["--no-write", "--capture"])
def test_an_option_without_its_command_is_refused(option: str) -> None:
    assert run(option).exit_code == 2


def test_an_error_in_the_settings_file_is_one_line(account: Sandbox, settings_file: Path) -> None:
    settings_file.parent.mkdir()
    settings_file.write_text(f'password = "{account.password}"\n')
    result = run()
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {settings_file}: password is a secret")
    assert result.stderr.count("\n") == 1
    assert account.password not in result.output
