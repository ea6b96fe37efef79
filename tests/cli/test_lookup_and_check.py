"""``tickframe lookup`` and ``tickframe check`` against a sandbox."""

import json

import pytest
from typer.testing import CliRunner

from tests.scripted_server import Reply
from tickframe.cli.app import app
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

pytestmark = pytest.mark.usefixtures("account")


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def test_lookup_lists_the_sources():
    """Sources are a table on stdout, and their number is on stderr."""
    result = run("lookup", "sources")
    assert "ACTIV" in result.stdout.split()
    assert result.stderr == "2 sources\n"


def test_lookup_finds_exchanges():
    """The exchanges of a source have a row each."""
    result = run("lookup", "exchanges", "--source", "ACTIV")
    assert "Deutsche Boerse Xetra" in result.stdout
    assert "warning" not in result.stderr


def test_lookup_finds_symbols_by_pattern():
    """A pattern matches names; columns are not truncated without a terminal."""
    result = run("lookup", "symbols", "--pattern", "zalando")
    assert [line.split() for line in result.stdout.split("\n") if "ZAL.XE" in line] == [
        ["ZAL.XE", "Zalando", "SE", "DE000ZAL1111", "XETRA", "EUR"]
    ]
    assert result.stderr == "2 symbols\n"


def test_lookup_shows_the_columns_that_the_source_has(scripted, monkeypatch):
    """Look-ups of TCA have no names."""
    response = DataResponse()
    for name in ("symbol", "isin", "exchange", "currency"):
        response.data.columns[name].string_list.values.append(name.upper())
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    monkeypatch.setenv("TICKFRAME_URL", scripted.url)
    monkeypatch.setenv("TICKFRAME_TOKEN", "t")
    result = run("lookup", "symbols", "--source", "TCA")
    assert result.stdout.split()[-4:] == ["SYMBOL", "ISIN", "EXCHANGE", "CURRENCY"]


def test_lookup_json_has_every_page_and_column():
    """JSON has all rows, beyond the first page, and the columns that the table omits."""
    result = run("lookup", "symbols", "--json")
    found = json.loads(result.stdout)
    assert len(found) > 100
    assert {"entity_class", "local_code", "market_segment"} < set(found[0])
    assert result.stderr == f"{len(found):,} symbols\n"


def test_check_shows_the_connection_and_the_versions(account):
    """One request gives the URL, the account as the service sees it, and the versions."""
    report = json.loads(run("check", "--json").stdout)
    assert report["url"] == account.url
    assert report["account"]["user"] == account.user
    assert set(report["versions"]) == {
        "kernel",
        "pandas",
        "protobuf",
        "protobuf_implementation",
        "pyarrow",
        "python",
        "tickframe",
    }


def test_check_prints_a_table_without_secrets(account):
    """Without --json, the same is a table."""
    result = run("check")
    assert account.url in result.stdout
    assert "protobuf_implementation" in result.stdout
    assert account.password not in result.output
    assert account.client_secret not in result.output


def test_a_wrong_password_is_one_line(monkeypatch):
    """A refused account exits with 1 and one line, without the password."""
    monkeypatch.setenv("TICKFRAME_PASSWORD", "not-the-password")
    result = run("check")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: HTTP 40")
    assert result.stderr.count("\n") == 1
    assert "not-the-password" not in result.stderr


def test_without_an_account_the_error_names_the_missing_settings(monkeypatch):
    """Without settings, the command exits with 2 and names the environment variables."""
    for name in ("URL", "USER", "PASSWORD", "API_KEY", "CLIENT_SECRET", "TOKEN"):
        monkeypatch.delenv(f"TICKFRAME_{name}", raising=False)
    result = run("check")
    assert result.exit_code == 2
    assert "TICKFRAME_PASSWORD" in result.stderr


@pytest.mark.parametrize(
    "command", [("check",), ("lookup", "sources"), ("load", "ACTIV", "X", "2016-05-05", "--type", "TRADES")]
)
def test_plain_http_to_another_host_is_refused(command):
    """No command sends a token over plain HTTP."""
    result = run(*command, "--url", "http://192.0.2.1")
    assert result.exit_code == 2
    assert "must be https://" in result.stderr


def test_sandbox_option_ignores_the_environment(monkeypatch):
    """--sandbox starts its own service, even if the environment has an account."""
    monkeypatch.setenv("TICKFRAME_URL", "https://nowhere.invalid")
    monkeypatch.setenv("TICKFRAME_TOKEN", "of another service")
    report = json.loads(run("check", "--sandbox", "--json").stdout)
    assert report["url"].startswith("http://127.0.0.1:")
