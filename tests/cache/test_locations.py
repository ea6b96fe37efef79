"""If a location cannot be read or written, the data is returned all the same, with one warning."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import NoReturn

import fsspec
import pandas as pd
import pytest
from pyarrow import fs

import tickframe as tf
from tests.cache.test_service import cached_client
from tests.faults.server import FaultServer
from tests.faults.ticks import ask, symbols, ticks_for
from tests.object_store import ObjectStore
from tickframe.cache import Verification

# Loads twice and prints the warnings. The last argument is code that causes the trouble, after all imports.
LOADING = """
import os, sys, warnings
import tickframe as tf
from tests.faults.ticks import ask, symbols

url, place, trouble = sys.argv[1:]
exec(trouble)
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    client = tf.Client(url, token="t", cache=place)
    for _ in range(2):
        assert ask(client, symbols(9)).to_arrow().num_rows == 45
    client.close()
print(*{each.category.__name__ for each in warned}, len(warned), warned[0].message if warned else "")
"""
# Root can write anywhere.
NOBODY = "os.getuid() or os.setuid(65534)"
# Like a full disk: no file can grow.
FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
"""


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        running.serve(ticks_for)
        yield running


def load(server: FaultServer, place: Path, trouble: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-c", LOADING, server.url, str(place), trouble], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def traversable() -> Iterator[Path]:
    """Return a directory that other users reach; every pytest process restricts those above its own to its user."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def test_a_full_disk(server: FaultServer, tmp_path: Path) -> None:
    warned = load(server, tmp_path / "cache", FULL)
    assert warned.startswith("TickframeWarning 1 the cache at")
    assert "failed, so responses may not be cached" in warned
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]


def test_a_read_only_folder(server: FaultServer, traversable: Path) -> None:
    """Cached responses are used, the others fetched."""
    with cached_client(server, traversable) as client:
        ask(client, symbols(4)).to_arrow()
    asked = len(server.received)
    folders = [traversable, *(path for path in traversable.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        warned = load(server, traversable, NOBODY)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert warned.startswith("TickframeWarning 1 the cache at")
    assert len(server.received) - asked == 10


def test_a_folder_without_permission(server: FaultServer, tmp_path: Path) -> None:
    forbidden = tmp_path / "forbidden"
    forbidden.mkdir(mode=0o700)
    assert load(server, forbidden / "cache", NOBODY).startswith("TickframeWarning 1 the cache at")


def test_a_file_where_the_folder_should_be(server: FaultServer, tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("in the way")
    assert load(server, place).startswith("TickframeWarning 1 the cache at")


def test_a_path_that_is_too_long(server: FaultServer, tmp_path: Path) -> None:
    assert load(server, tmp_path.joinpath(*["x" * 200] * 25)).startswith("TickframeWarning 1 the cache at")


def test_a_folder_that_is_deleted_during_the_run(server: FaultServer, tmp_path: Path) -> None:
    place = tmp_path / "cache"
    with warnings.catch_warnings(record=True) as warned, cached_client(server, place, max_workers=1) as client:
        warnings.simplefilter("always")
        query = ask(client, symbols(20))
        rows = 0
        for batch in query.to_reader():
            shutil.rmtree(place, ignore_errors=True)
            rows += batch.num_rows
        assert rows == 100
        assert ask(client, symbols(20)).to_arrow().num_rows == 100
    assert len(warned) <= 1


def test_another_user_can_read_a_shared_cache(server: FaultServer, traversable: Path) -> None:
    with cached_client(server, traversable) as client:
        ask(client, symbols(9)).to_arrow()
    asked = len(server.received)
    traversable.chmod(0o755)
    assert load(server, traversable, NOBODY).startswith("0")
    assert len(server.received) == asked


def test_an_unsupported_uri_is_refused_without_showing_its_secret() -> None:
    with pytest.raises(ValueError, match="does not support nowhere://bucket/ticks:") as raised:
        tf.Cache("nowhere://key:secret@bucket/ticks?token=hidden")
    assert "secret" not in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_the_repr_shows_no_secret() -> None:
    cache = tf.Cache("s3://key:secret@bucket/ticks?region=eu-central-1&scheme=http")
    assert repr(cache) == "<Cache at s3://bucket/ticks>"


def test_an_object_store_works_like_a_folder(server: FaultServer, s3: ObjectStore) -> None:
    """Entries are written, found, listed, queried, verified and deleted; a damaged one is a miss."""
    place = s3.uri("ticks")
    with cached_client(server, place) as client:
        fresh = ask(client, symbols(9)).to_pandas()
    with cached_client(server, place) as client:
        query = ask(client, symbols(9))
        pd.testing.assert_frame_equal(query.to_pandas(cache="only"), fresh)
        assert len(server.received) == 9
        assert client.cache.info().entries == 9
        assert client.cache.dataset().count_rows() == 45
        window = client.tick_data(
            "ACTIV", "S000", "2016-05-05", data_type="TRADES", to_time="09:00:00.000000002"
        ).to_arrow(cache="only")
        assert window.num_rows == 3
        name = client.cache.entries()["name"][0]
        client.cache._location.write(name, b"half")
        pd.testing.assert_frame_equal(query.to_pandas(), fresh)
        assert len(server.received) == 10
        assert client.cache.verify() == Verification(9, ())
        assert client.cache.clear() == 9
        assert client.cache.info().entries == 0


def test_an_object_store_that_is_down_causes_one_warning(server: FaultServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    options = f"endpoint_override=127.0.0.1:{port}&scheme=http&region=eu-central-1&allow_bucket_creation=false"
    place = f"s3://key:s3cr3t-k3y@bucket/ticks?{options}"
    with warnings.catch_warnings(record=True) as warned, cached_client(server, place) as client:
        warnings.simplefilter("always")
        assert ask(client, symbols(9)).to_arrow().num_rows == 45
        assert ask(client, symbols(9)).to_arrow().num_rows == 45
    [warning] = warned
    assert str(warning.message).startswith("the cache at s3://bucket/ticks failed")
    assert "s3cr3t" not in str(warning.message)


@pytest.mark.parametrize(
    "place",
    [
        "nowhere://key:secret@bucket/ticks?token=hidden",
        "s3://key:sec/ret+secret@bucket/ticks?token=hidden",
        "s3://key:sec?ret+secret@bucket/ticks",
        "s3://key:secret@bucket/ticks?hidden=1",
    ],
)
def test_a_refused_uri_shows_its_secret_nowhere(place: str) -> None:
    """Neither in the message nor in the traceback."""
    with pytest.raises(ValueError, match=r"does not support \w+://bucket/ticks:") as raised:
        tf.Cache(place)
    shown = "".join(traceback.format_exception_only(raised.value))
    assert raised.value.__cause__ is None
    assert not [word for word in ("key", "sec/", "ret", "hidden") if word in shown]


def test_an_at_sign_in_a_path_is_shown() -> None:
    for place in ("s3://bucket/a@b?region=eu-central-1", "s3://key:s%2Fecret@bucket/a@b?region=eu-central-1"):
        assert repr(tf.Cache(place)) == "<Cache at s3://bucket/a@b>"


def test_a_subtree_of_a_file_system_is_a_location(server: FaultServer, tmp_path: Path) -> None:
    part = fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem())
    with cached_client(server, tf.Cache("ticks", filesystem=part)) as client:
        ask(client, symbols(3)).to_arrow()
        assert ask(client, symbols(3)).to_arrow(cache="only").num_rows == 15
    assert len(list((tmp_path / "ticks").rglob("*.parquet"))) == 3


class _Failing(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """A file system that raises its own type of error, and late."""

    protocol = "failing"
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self.released = Event()
        self.writes = 0

    def _open(self, path: str, mode: str = "rb", **_options: object) -> NoReturn:
        if mode == "rb":
            raise FileNotFoundError(path)
        self.writes += 1
        self.released.wait()
        raise RuntimeError("quota exceeded")


def test_a_failing_file_system_is_tried_once(server: FaultServer) -> None:
    """Queued writes are skipped: each could take long, and the exit of the interpreter waits for all of them."""
    failing = _Failing()
    place = tf.Cache("ticks", filesystem=fs.PyFileSystem(fs.FSSpecHandler(failing)))
    with warnings.catch_warnings(record=True) as warned, cached_client(server, place) as client:
        warnings.simplefilter("always")
        assert ask(client, symbols(9)).to_arrow().num_rows == 45
        failing.released.set()
    assert [str(each.message).endswith("may not be cached: quota exceeded") for each in warned] == [True]
    assert failing.writes == 1


@pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")
def test_an_entry_that_cannot_be_read_stops_no_other(server: FaultServer, tmp_path: Path) -> None:
    """Nor can this one be written."""
    with cached_client(server, tmp_path) as client:
        ask(client).to_arrow()
        client.cache.flush()
        [entry] = tmp_path.rglob("*.parquet")
        entry.unlink()
        entry.mkdir()
        (entry / "file").touch()
        for symbol in ("S000", "S001", "S002"):
            assert ask(client, [symbol]).to_arrow().num_rows == 5
            client.cache.flush()
        assert ask(client, symbols(3)).parts()["cached"].tolist() == [False, True, True]


def test_an_object_store_that_stops_answering_is_asked_little(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wait for it ends, each thread waits for it once, and then it is left alone."""
    for name in ("CONNECT_TIMEOUT", "REQUEST_TIMEOUT"):
        monkeypatch.setattr(f"tickframe.cache.folder.{name}", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=512) as silent:
        port = silent.getsockname()[1]
        place = f"s3://key:secret@bucket/ticks?endpoint_override=127.0.0.1:{port}&scheme=http&region=eu-central-1"
        with cached_client(server, place, max_workers=2) as client:
            query = client.tick_data("ACTIV", symbols(20), "2016-05-05", data_type="TRADES", from_time="09:00")
            with pytest.warns(tf.TickframeWarning, match="the cache at s3://bucket/ticks failed"):
                assert query.to_arrow().num_rows == 100
        silent.setblocking(False)
        connections = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                silent.accept()[0].close()
                connections += 1
        # Two threads: two attempts to read, and two to see whether the store responds at all, with one for the pause.
        assert 0 < connections <= 12
