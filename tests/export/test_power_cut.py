"""A power cut: a record or a manifest is on the disk only if the data that it names is."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.export.test_interrupted import LONG_AGO, Asked, closes, trades
from tests.export.test_writer import files_in
from tickframe.location import Location

EXPORTS = {"files of one symbol and day": trades(1.0), "files of many": closes(1.0, LONG_AGO)}


class Disk:
    """What has been written to the disk, as the operating system was told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # The size of each file, and the names in each directory.
        self.flushed: dict[int, int | frozenset[str]] = {}
        fsync = os.fsync

        def record(descriptor: int) -> None:
            fsync(descriptor)
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            status = path.stat()
            self.flushed[status.st_ino] = (
                frozenset(each.name for each in path.iterdir()) if path.is_dir() else status.st_size
            )

        monkeypatch.setattr(os, "fsync", record)

    def check(self, file: Path, folder: Path) -> None:
        """Check that a file survives a power cut, with the directories that lead to it."""
        assert self.flushed.get(file.stat().st_ino) == file.stat().st_size
        for path in (file, *file.parents):
            if path == folder:
                return
            names = self.flushed.get(path.parent.stat().st_ino)
            assert isinstance(names, frozenset), path
            assert path.name in names


def on_record(monkeypatch: pytest.MonkeyPatch, check: Callable[[bytes], None]) -> None:
    """Call a function with the content of each record, and of the manifest, before it is written."""
    write = Location.write

    def checked(self: Location, name: str, *pieces: bytes, durable: bool = False) -> None:
        if name.startswith(("_tickframe/parts/", "_tickframe/manifest")):
            check(b"".join(pieces))
        write(self, name, *pieces, durable=durable)

    monkeypatch.setattr(Location, "write", checked)


@pytest.mark.parametrize("name", EXPORTS)
def test_a_record_is_written_after_its_data_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder, asked, disk, checked = tmp_path / "ticks", EXPORTS[name], Disk(monkeypatch), []

    def check(content: bytes) -> None:
        document = json.loads(content)
        for record in document.get("parts", {"": document}).values():
            for file in record["files"]:
                disk.check(folder / file["name"], folder)
                checked.append(file["name"])

    on_record(monkeypatch, check)
    asked.to(folder)
    files = [path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")]
    # Once for its record, and once for the manifest.
    assert sorted(checked) == sorted(2 * files)
    for path in (folder / "_tickframe" / "manifest.json", folder / "_tickframe" / "dataset.json"):
        disk.check(path, folder)


def test_the_manifest_is_gone_from_the_disk_before_anything_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trades(1.0).to(tmp_path)
    disk = Disk(monkeypatch)

    def check(_record: bytes) -> None:
        names = disk.flushed[(tmp_path / "_tickframe").stat().st_ino]
        assert isinstance(names, frozenset)
        assert "manifest.json" not in names

    on_record(monkeypatch, check)
    trades(2.0, existing="overwrite").to(tmp_path)


def test_a_disk_that_cannot_keep_data_leaves_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Asked = trades(1.0)

    def failing(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            asked.to(tmp_path)
    assert not list(tmp_path.glob("_tickframe/parts/*"))
    assert not list(tmp_path.rglob("*.tmp"))
    alone = tmp_path.with_name("alone")
    asked.to(alone)
    asked.to(tmp_path)
    assert files_in(tmp_path) == files_in(alone)
