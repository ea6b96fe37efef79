"""``tickframe cache``, and the cache in other commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.cache.test_service import cached_client
from tests.faults.server import FaultServer
from tests.faults.ticks import ask, symbols, ticks_for
from tickframe.cli.app import app


@pytest.fixture
def cache_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a cache with the responses to five parts, and select it in the environment."""
    with FaultServer() as server:
        server.serve(ticks_for)
        with cached_client(server, tmp_path) as client:
            ask(client, symbols(5)).to_arrow()
    monkeypatch.setenv("TICKFRAME_CACHE", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["cache", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_info_shows_the_number_of_entries(cache_path: Path) -> None:
    code, shown, _ = run("info")
    assert code == 0
    assert "tick_data entries" in shown
    _, shown, _ = run("info", "--json")
    assert json.loads(shown)["entries"] == 5
    _, shown, _ = run("info", "--json", "--place", str(cache_path / "none"))
    assert json.loads(shown)["entries"] == 0


def test_verify_exits_with_1_if_an_entry_is_damaged(cache_path: Path) -> None:
    assert run("verify") == (0, "", "entries: 5 valid, 0 removed\n")
    damaged = sorted(cache_path.rglob("*.parquet"))[1]
    damaged.write_bytes(b"")
    code, shown, message = run("verify")
    assert (code, message) == (1, "entries: 4 valid, 1 removed\n")
    assert shown.startswith("removed source=ACTIV/function=tick_data/symbol=S001")
    assert run("verify", "--json")[0] == 0


@pytest.mark.usefixtures("cache_path")
def test_clear_requires_a_selection() -> None:
    code, _, message = run("clear")
    assert code == 2
    assert "give either --all, or options that select entries" in message
    assert run("clear", "--all", "--symbol", "S001")[0] == 2
    assert run("clear", "--symbol", "S001") == (0, "", "entries removed: 1\n")
    assert json.loads(run("clear", "--from", "2016-05-05", "--to", "2016-05-05", "--json")[1]) == {"dropped": 4}
    assert run("clear", "--all") == (0, "", "entries removed: 0\n")
    assert run("clear", "--from", "5 May")[0] == 2


@pytest.mark.usefixtures("cache_path")
def test_load_uses_the_cache_of_the_environment() -> None:
    arguments = ["load", "ACTIV", "ZAL.XE", "2016-05-05", "--type", "TRADES", "--to", "08:01", "--sandbox"]
    first, second = (CliRunner().invoke(app, arguments) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "cache" not in first.stderr
    assert "all from the cache" in second.stderr
    assert second.stdout == first.stdout
