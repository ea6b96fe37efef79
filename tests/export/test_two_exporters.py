"""Two exports to one dataset at once: there is no manifest while one of them is running, or after it was killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tickframe as tf
from tickframe.location import Location
from tickframe.sandbox import Sandbox

MANIFEST = Path("_tickframe", "manifest.json")
ARGUMENTS = {"data_type": "TRADES", "to_time": "09:10"}

# Exports two days, one after the other, and waits after the first.
EXPORTER = r"""
import os
import sys
import threading
import tickframe as tf
from tickframe.export import Dataset
write, lock = Dataset.write, threading.Lock()
def wait(self, part, batches):
    with lock:
        record = write(self, part, batches)
        os.write(1, b"written\n")
        sys.stdin.readline()
    return record
Dataset.write = wait
with tf.Client(cache_namespace=sys.argv[3]) as client:
    query = client.tick_data("ACTIV", sys.argv[2], ("2016-05-02", "2016-05-03"), data_type="TRADES", to_time="09:10")
    query.to_parquet(sys.argv[1])
"""


class Exporter:
    """An export in another process that has written a part, and waits."""

    def __init__(self, sandbox: Sandbox, folder: Path, symbol: str = "ADS.XE") -> None:
        environment = {
            **os.environ,
            "TICKFRAME_URL": sandbox.url,
            "TICKFRAME_USER": sandbox.user,
            "TICKFRAME_PASSWORD": sandbox.password,
            "TICKFRAME_CLIENT_SECRET": sandbox.client_secret,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", EXPORTER, folder, symbol, sandbox.cache_namespace],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "written\n"

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self.process.kill()
        self.process.communicate()
        assert self.process.returncode in (0, -signal.SIGKILL)

    def finish(self) -> None:
        self.process.communicate("\n\n\n")
        assert self.process.returncode == 0


Begin = Callable[[], Exporter]


@pytest.fixture
def begin(sandbox: Sandbox, tmp_path: Path) -> Iterator[Begin]:
    """Return a function that begins an export in another process."""
    with contextlib.ExitStack() as stack:

        def exporter() -> Exporter:
            other = Exporter(sandbox, tmp_path)
            stack.callback(other.kill)
            return other

        yield exporter


def query(client: tf.Client, symbol: str = "ZAL.XE", last: str = "2016-05-03") -> tf.Query:
    return client.tick_data("ACTIV", symbol, ("2016-05-02", last), **ARGUMENTS)


def parts(folder: Path) -> int:
    return len(json.loads((folder / MANIFEST).read_text())["parts"])


def test_the_last_of_two_exports_writes_the_manifest(client: tf.Client, begin: Begin, tmp_path: Path) -> None:
    other = begin()
    query(client).to_parquet(tmp_path)
    assert not (tmp_path / MANIFEST).exists()
    with pytest.raises(tf.errors.DatasetError, match=r"is running, or was killed: .*symbol=ADS\.XE .*and 1 more"):
        tf.read_dataset(tmp_path)
    other.finish()
    assert parts(tmp_path) == 4
    assert not (tmp_path / "_tickframe" / "running").exists()


def test_there_is_no_manifest_after_one_of_two_exports_was_killed(
    client: tf.Client, begin: Begin, tmp_path: Path
) -> None:
    other = begin()
    other.kill()
    for _ in range(2):
        query(client).to_parquet(tmp_path)
        assert not (tmp_path / MANIFEST).exists()
    query(client, "ADS.XE").to_parquet(tmp_path)
    assert parts(tmp_path) == 4
    assert len(tf.read_dataset(tmp_path)) == len(query(client, ["ZAL.XE", "ADS.XE"]).to_pandas())


def test_an_export_of_fewer_days_takes_the_place_of_a_killed_one(
    client: tf.Client, begin: Begin, tmp_path: Path
) -> None:
    begin().kill()
    query(client, "ADS.XE", last="2016-05-02").to_parquet(tmp_path)
    assert (tmp_path / MANIFEST).exists()


def test_an_export_of_another_kind_takes_the_place_of_a_killed_one(
    client: tf.Client, begin: Begin, tmp_path: Path
) -> None:
    begin().kill()
    wider = client.tick_data("ACTIV", "ADS.XE", ("2016-05-02", "2016-05-03"), data_type="TRADES", to_time="09:20")
    wider.to_parquet(tmp_path, existing="overwrite")
    assert parts(tmp_path) == 2


def test_an_export_that_failed_hinders_no_other(client: tf.Client, sandbox: Sandbox, tmp_path: Path) -> None:
    """Its caller has the error."""
    with tf.Client(**{**sandbox.account, "password": "wrong"}) as wrong:
        failing = query(wrong, "ADS.XE")
        with pytest.raises(tf.errors.AuthenticationError):
            failing.to_parquet(tmp_path)
    query(client).to_parquet(tmp_path)
    assert parts(tmp_path) == 2


def test_an_export_that_begins_while_another_ends_leaves_no_manifest(
    client: tf.Client, begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins after the other looked for it, and before that wrote the manifest."""
    write, others = Location.write, []

    def begin_before(self: Location, name: str, *pieces: bytes, durable: bool = False) -> None:
        if name == MANIFEST.as_posix() and not others:
            others.append(begin())
        write(self, name, *pieces, durable=durable)

    with monkeypatch.context() as patch:
        patch.setattr(Location, "write", begin_before)
        query(client).to_parquet(tmp_path)
    others[0].kill()
    assert not (tmp_path / MANIFEST).exists()
