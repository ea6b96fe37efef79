"""Scripts in the vendor's documented style run with only their imports changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tickframe.catalogue import FUNCTIONS, METRICS, REQUESTS
from tickframe.compat import ApiSettings, XytClient
from tickframe.sandbox import Sandbox

FOLDER = Path(__file__).parent / "scripts"
SCRIPTS = sorted(FOLDER.rglob("*.py"))

# The vendor's packages; xyt is an older name of xythub.
_IMPORT = re.compile(r"^from (xythub_tca\.\w+|xythub|xyt) import", re.MULTILINE)


def names_of(folder: str) -> set[str]:
    return {script.stem for script in SCRIPTS if script.parent == FOLDER / folder}


def test_there_is_a_script_for_every_documented_function() -> None:
    assert names_of("") == {*FUNCTIONS, "get", "pages", "proxies", "older_package"}


def test_there_is_a_script_for_every_documented_request_and_metric() -> None:
    assert names_of("lc") == {*REQUESTS["LC"]}
    assert names_of("etf_lc") == {*REQUESTS["ETF-LC"]}
    assert names_of("tca") == {*REQUESTS["TCA"], *METRICS}


# The sandbox warns that it has printed rows only, or none.
@pytest.mark.filterwarnings("ignore:.*that the documentation prints:tickframe.TickframeWarning")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.relative_to(FOLDER).with_suffix("").as_posix())
def test_a_script_runs(script: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKFRAME_URL", sandbox.url)
    monkeypatch.setenv("TICKFRAME_CLIENT_SECRET", sandbox.client_secret)
    monkeypatch.setattr(ApiSettings, "user_id", sandbox.user)
    monkeypatch.setattr(ApiSettings, "user_password", sandbox.password)
    monkeypatch.setattr(XytClient, "_default", None)
    text = script.read_text()
    changed = _IMPORT.sub("from tickframe.compat import", text)
    assert changed != text
    assert "xyt" not in changed.replace("XytClient", "").lower()
    exec(compile(changed, script.name, "exec"), {})  # noqa: S102, our own code
