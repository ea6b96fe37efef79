"""A short run of the fuzzer's targets: the kept inputs, and a fixed number of those that reach new lines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from fuzz import guided, targets

ROOT = Path(__file__).parent.parent
# About two seconds each.
EXECUTIONS = {"frames": 6_000, "entries": 6_000, "provenance": 1_000, "records": 1_000, "settings": 4_000}
KEPT = sorted(path for path in guided.CORPUS.glob("*/*") if path.is_file())


@pytest.fixture(scope="module", autouse=True)
def _files_removed() -> Iterator[None]:
    yield
    targets.remove_files()


def test_every_target_has_inputs_and_a_run() -> None:
    assert set(guided.TARGETS) == set(targets.TARGETS) == set(EXECUTIONS) == {path.parent.name for path in KEPT}


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_kept_input_is_read_or_refused(path: Path) -> None:
    targets.TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed")
@pytest.mark.parametrize("target", EXECUTIONS)
def test_inputs_that_reach_new_lines_are_read_or_refused(tmp_path: Path, target: str) -> None:
    options = [f"--executions={EXECUTIONS[target]}", "--seed=1", f"--found={tmp_path}", "--in-this-process"]
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.guided", target, *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"stat::number_of_executed_units: {EXECUTIONS[target]}" in done.stderr
