"""Scripts in the vendor's documented style run with only their import line changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tickframe.catalogue import FUNCTIONS
from tickframe.compat import ApiSettings
from tickframe.sandbox import Sandbox

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.py"))


def test_there_is_a_script_for_every_documented_function() -> None:
    assert {script.stem for script in SCRIPTS} == {*FUNCTIONS, "get"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_runs(script: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKFRAME_URL", sandbox.url)
    monkeypatch.setenv("TICKFRAME_CLIENT_SECRET", sandbox.client_secret)
    monkeypatch.setattr(ApiSettings, "user_id", sandbox.user)
    monkeypatch.setattr(ApiSettings, "user_password", sandbox.password)
    text = script.read_text()
    assert text.count("from xythub import") == 1
    changed = text.replace("from xythub import", "from tickframe.compat import")
    exec(compile(changed, script.name, "exec"), {})  # noqa: S102, our own code
