"""The README: its examples run, and its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tickframe as tf
from tickframe.catalogue import FUNCTIONS

README = (Path(__file__).parent.parent / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(
    example: str, client: tf.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = client.settings
    monkeypatch.setenv("TICKFRAME_URL", settings.base_url)
    monkeypatch.setenv("TICKFRAME_USER", settings.user)
    monkeypatch.setenv("TICKFRAME_PASSWORD", settings.password)
    monkeypatch.setenv("TICKFRAME_CLIENT_SECRET", settings.client_secret)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)  # noqa: S102, our own
    assert len(names["ticks"]) > 0
    if "files" in names:
        rows = len(names["ticks"])
        assert capsys.readouterr().out == f"<Outcomes: 10 parts, {rows:,} rows, 0 empty, 0 failed>\n"
        assert len(names["bars"]) > 1000


def test_every_documented_function_is_in_the_table() -> None:
    named = set(re.findall(r"`(\w+)`", README.split("## What can be asked")[1].split("`symbol` takes")[0]))
    assert named == {*FUNCTIONS, "get"}
    assert all(callable(getattr(tf.Client, name)) for name in named)
