"""``tickframe cache`` and what the other commands say of the cache."""

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
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the answers to five parts, which the environment names."""
    with FaultServer() as server:
        server.serve(ticks_for)
        with cached_client(server, tmp_path) as client:
            ask(client, symbols(5)).to_arrow()
    monkeypatch.setenv("TICKFRAME_CACHE", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["cache", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_info_says_how_much_there_is(place: Path) -> None:
    code, shown, _ = run("info")
    assert code == 0
    assert "answers of tick_data" in shown
    _, shown, _ = run("info", "--json")
    assert json.loads(shown)["entries"] == 5
    _, shown, _ = run("info", "--json", "--place", str(place / "none"))
    assert json.loads(shown)["entries"] == 0


def test_verify_exits_with_1_when_something_was_damaged(place: Path) -> None:
    assert run("verify") == (0, "", "5 sound, 0 dropped\n")
    damaged = sorted(place.rglob("*.parquet"))[1]
    damaged.write_bytes(b"")
    code, shown, said = run("verify")
    assert (code, said) == (1, "4 sound, 1 dropped\n")
    assert shown.startswith("dropped source=ACTIV/function=tick_data/symbol=S001")
    assert run("verify", "--json")[0] == 0


@pytest.mark.usefixtures("place")
def test_clear_wants_to_be_told_what() -> None:
    code, _, said = run("clear")
    assert code == 2
    assert "say what to drop" in said
    assert run("clear", "--all", "--symbol", "S001")[0] == 2
    assert run("clear", "--symbol", "S001") == (0, "", "1 dropped\n")
    assert json.loads(run("clear", "--from", "2016-05-05", "--to", "2016-05-05", "--json")[1]) == {"dropped": 4}
    assert run("clear", "--all") == (0, "", "0 dropped\n")
    assert run("clear", "--from", "5 May")[0] == 2


@pytest.mark.usefixtures("place")
def test_load_takes_the_cache_that_the_environment_names() -> None:
    arguments = ["load", "ACTIV", "ZAL.XE", "2016-05-05", "--type", "TRADES", "--to", "08:01", "--sandbox"]
    first, second = (CliRunner().invoke(app, arguments) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "cache" not in first.stderr
    assert "all from the cache" in second.stderr
    assert second.stdout == first.stdout
