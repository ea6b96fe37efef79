"""Shared fixtures: a sandbox, a scripted server, an object store, and data from outside the repository."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import tickframe as tf
from tests.object_store import ObjectStore
from tests.scripted_server import ScriptedServer
from tickframe.http.cancellation import Cancellation
from tickframe.sandbox import Sandbox

SHARED = Path(__file__).parent.parent.parent / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--points",
        default="sample",
        help="where faults are injected (tests/faults/test_injection.py): all, sample, or the number of a point",
    )


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the waits between attempts and skip them: the clock of the retries advances instead."""
    skipped: list[float] = []

    def wait(cancellation: Cancellation, seconds: float) -> None:
        cancellation.check()
        skipped.append(seconds)

    monkeypatch.setattr(Cancellation, "wait", wait)
    monkeypatch.setattr("tickframe.http.retry.monotonic", lambda: time.monotonic() + sum(skipped))
    return skipped


@pytest.fixture(autouse=True)
def _isolated_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hide the settings in the environment, the settings file and the keyring of the machine."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "no-settings"))
    for name in list(os.environ):
        if name.startswith("TICKFRAME_") and name != "TICKFRAME_REAL_TICKS":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=7) as running:
        yield running


@pytest.fixture(scope="session")
def client(sandbox: Sandbox) -> Iterator[tf.Client]:
    with tf.Client(**sandbox.account) as connected:
        yield connected


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[ObjectStore]:
    """Return an object store; ``s3.uri("name")`` is a folder in a new bucket."""
    with ObjectStore() as store:
        yield store


@pytest.fixture(scope="session")
def real_ticks() -> Path:
    folder = Path(os.environ.get("TICKFRAME_REAL_TICKS", SHARED / "data" / "ticks"))
    if not folder.is_dir():
        pytest.skip("the real ticks are not in the repository: set TICKFRAME_REAL_TICKS to their folder")
    return folder


@pytest.fixture(scope="session")
def specification() -> Path:
    folder = SHARED / "spec"
    if not folder.is_dir():
        pytest.skip("the specification of the protocol is not in the repository")
    return folder
