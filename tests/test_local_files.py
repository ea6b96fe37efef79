"""Files in a directory that others can write to: no link of theirs is followed."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pyarrow import fs
from typer.testing import CliRunner

from tickframe.cli.app import app
from tickframe.local_files import create_file, replaced_file, unfinished_name
from tickframe.location import Location, finished_name, is_unfinished
from tickframe.sandbox import Sandbox
from tickframe.settings_file import write_settings_file


@pytest.fixture
def account(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKFRAME_URL", sandbox.url)
    monkeypatch.setenv("TICKFRAME_USER", sandbox.user)
    monkeypatch.setenv("TICKFRAME_PASSWORD", sandbox.password)
    monkeypatch.setenv("TICKFRAME_CLIENT_SECRET", sandbox.client_secret)


def succeeds(*arguments: str) -> None:
    result = CliRunner().invoke(app, arguments)
    if result.exit_code:
        raise OSError(result.output)


def load(path: Path) -> None:
    day = ("2016-05-05", "--type", "trades", "--from", "09:00", "--to", "09:01")
    succeeds("load", "ACTIV", "ZAL.XE", *day, "--force", "--out", str(path))


def report(path: Path) -> None:
    succeeds("check", "--report", str(path))


def in_subtree(path: Path) -> None:
    subtree = fs.SubTreeFileSystem(str(path.parent.parent), fs.LocalFileSystem())
    Location("", fs.SubTreeFileSystem(path.parent.name, subtree)).write(path.name, b"whole")


def unfinished(path: Path) -> None:
    Location(path.parent).write_with(path.name, lambda file: file.write(b"whole"))


#: What writes a file, and the name of the file.
WRITERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file of a location": (lambda path: Location(path.parent).write(path.name, b"whole"), "a"),
    "a file of a URI": (lambda path: Location(path.parent.as_uri()).write(path.name, b"whole"), "a"),
    "a file of a subtree": (in_subtree, "a"),
    "an unfinished file": (unfinished, "a"),
    "a settings file": (lambda path: write_settings_file(path, {"verify": True}), "settings.toml"),
    "ticks in Parquet": (load, "ticks.parquet"),
    "ticks in CSV": (load, "ticks.csv"),
    "a report": (report, "report.json"),
}
writers = pytest.mark.parametrize(("write", "name"), WRITERS.values(), ids=WRITERS.keys())


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_text("mine")
    return path


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    path = tmp_path / "shared"
    path.mkdir()
    return path


@pytest.mark.usefixtures("account")
@writers
def test_a_link_in_the_place_of_a_file_is_replaced(
    shared: Path, victim: Path, write: Callable[[Path], object], name: str
) -> None:
    (shared / name).symlink_to(victim)
    write(shared / name)
    assert victim.read_text() == "mine"
    assert not (shared / name).is_symlink()
    assert (shared / name).stat().st_size > 0


@pytest.mark.usefixtures("account")
@writers
def test_a_link_in_the_place_of_an_unfinished_file_is_an_error(
    shared: Path, victim: Path, write: Callable[[Path], object], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if its name could be guessed."""
    monkeypatch.setattr(secrets, "token_hex", lambda nbytes=None: "0" * 2 * (nbytes or 32))
    (shared / unfinished_name(name)).symlink_to(victim)
    with pytest.raises(OSError):  # noqa: PT011, the command line's has no more
        write(shared / name)
    assert victim.read_text() == "mine"
    assert not (shared / name).exists()


@pytest.mark.parametrize(
    "guessed", ["settings.toml.previous", pytest.param(f"settings.toml.{os.getpid()}", id="process")]
)
def test_a_settings_file_follows_no_link_beside_it(shared: Path, victim: Path, guessed: str) -> None:
    path = shared / "settings.toml"
    path.write_text("verify = false\n")
    (shared / guessed).symlink_to(victim)
    previous = write_settings_file(path, {"verify": True})
    assert victim.read_text() == "mine"
    assert previous is not None
    assert previous.read_text() == "verify = false\n"


def test_the_picture_of_the_demonstration_follows_no_link(shared: Path, victim: Path) -> None:
    picture = shared / "ZAL.XE-2016-05-04.png"
    picture.symlink_to(victim)
    succeeds("demo", "--out", str(shared))
    assert victim.read_text() == "mine"
    assert picture.read_bytes().startswith(b"\x89PNG")


SCRIPT = """
import sys
import tickframe as tf
shared, opened = sys.argv[1], []
def audit(event, arguments):
    if event == "open" and str(arguments[0]).startswith(shared):
        opened.append((str(arguments[0]), arguments[2]))
sys.addaudithook(audit)
with tf.Client.sandbox(cache=f"{shared}/cache") as client:
    query = client.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES", to_time="09:01")
    query.to_parquet(f"{shared}/export")
for path, flags in opened:
    print(flags, path)
"""


def test_an_export_and_a_cache_only_create_files(shared: Path) -> None:
    """What Python opens for writing in them is created exclusively, or is a lock, for which no link is followed."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(shared)], capture_output=True, text=True, check=True)
    opened = [line.split(" ", 1) for line in done.stdout.splitlines()]
    written = [(path, int(flags)) for flags, path in opened if int(flags) & (os.O_WRONLY | os.O_RDWR)]
    assert any("/cache/" in path for path, _ in written)
    assert any("/export/" in path for path, _ in written)
    assert [path for path, flags in written if not flags & (os.O_EXCL | os.O_NOFOLLOW)] == []


def test_names_of_unfinished_files_cannot_be_guessed() -> None:
    names = {unfinished_name("a.parquet") for _ in range(100)}
    assert len(names) == 100
    assert all(is_unfinished(f"folder/{name}") for name in names)
    assert all(finished_name(f"folder/{name}") == "folder/a.parquet" for name in names)


def test_a_file_is_created_and_never_opened(victim: Path) -> None:
    with pytest.raises(FileExistsError):
        create_file(victim)
    assert victim.read_text() == "mine"


def test_a_file_that_is_not_finished_leaves_the_one_before(victim: Path) -> None:
    def fail_halfway() -> None:
        with replaced_file(victim) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert victim.read_text() == "mine"
    assert list(victim.parent.iterdir()) == [victim]
