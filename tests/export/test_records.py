"""Records prove what is there: sizes, checksums and names."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import tickframe as tf
from tests.export.test_writer import SYMBOLS, files_in
from tests.object_store import ObjectStore
from tests.scripted_server import Reply, ScriptedServer
from tickframe.export.records import read_document
from tickframe.location import Location
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

DAYS = ("2016-05-02", "2016-05-03")


def week(client: tf.Client) -> tf.Query:
    return client.tick_data("ACTIV", SYMBOLS, DAYS, data_type="TRADES", to_time="09:10")


def record_of(folder: Path, file: Path) -> Path:
    return folder / "_tickframe" / "parts" / f"{file.stem}.json"


def reply_symbols(scripted: ScriptedServer, *pages: dict[str, object]) -> None:
    """Let the service answer with pages of symbols, each with its metadata."""
    replies = []
    for page in pages:
        response = DataResponse()
        for name in ("symbol", "venue"):
            response.data.columns[name].string_list.values.extend(page["symbols"])
        if "cursor" in page:
            response.meta["cursor"].string_value = page["cursor"]
        replies.append(Reply(write_frame(response.SerializeToString())))
    scripted.reply(*replies)


def test_sizes_and_checksums_are_those_of_the_files(client: tf.Client, tmp_path: Path) -> None:
    paths = week(client).to_parquet(tmp_path)
    for path in paths:
        [file] = json.loads(record_of(tmp_path, path).read_text())["files"]
        content = path.read_bytes()
        assert file == {
            "name": path.relative_to(tmp_path).as_posix(),
            "rows": pd.read_parquet(path).shape[0],
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda content: content[:-100],
    "zeros": lambda content: bytes(len(content)),
    "one bit": lambda content: content[:99] + bytes([content[99] ^ 1]) + content[100:],
}


@pytest.mark.parametrize("keeps_manifest", [True, False])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_was_changed_is_requested_again(
    client: tf.Client, tmp_path: Path, change: str, keeps_manifest: bool
) -> None:
    query = week(client)
    paths = query.to_parquet(tmp_path)
    before = files_in(tmp_path)
    paths[1].write_bytes(CHANGES[change](paths[1].read_bytes()))
    if not keeps_manifest:
        (tmp_path / "_tickframe" / "manifest.json").unlink()
    query.to_parquet(tmp_path)
    assert [outcome.origin for outcome in query.outcomes] == ["dataset", "service", "dataset", "dataset"]
    assert files_in(tmp_path) == before


def test_a_file_of_another_size_in_an_object_store_is_requested_again(client: tf.Client, s3: ObjectStore) -> None:
    """Checksums would load the whole dataset; sizes are free."""
    from pyarrow import fs  # noqa: PLC0415

    query = week(client)
    uri = s3.uri("changed")
    files = query.to_parquet(uri)
    before = s3.files(uri)
    filesystem, _ = fs.FileSystem.from_uri(uri)
    with filesystem.open_output_stream(files[1].partition("://")[2]) as stream:
        stream.write(b"PAR1")
    query.to_parquet(uri)
    assert [outcome.origin for outcome in query.outcomes] == ["dataset", "service", "dataset", "dataset"]
    assert s3.files(uri) == before


@pytest.mark.parametrize("name", ["../victim.txt", "symbol=X/../../victim.txt", "{folder}/victim.txt", "a/b.parquet"])
@pytest.mark.parametrize("existing", ["skip", "overwrite"])
@pytest.mark.parametrize("in_manifest", [True, False])
def test_a_record_never_leads_outside_of_its_part(
    client: tf.Client, tmp_path: Path, name: str, existing: str, in_manifest: bool
) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("keep me")
    folder = tmp_path / "x"
    query = week(client)
    paths = query.to_parquet(folder)
    before = files_in(folder)
    name = name.format(folder=tmp_path)
    manifest_path, record_path = folder / "_tickframe" / "manifest.json", record_of(folder, paths[0])
    manifest = json.loads(manifest_path.read_text())
    record = manifest["parts"][paths[0].stem]
    record["files"][0]["name"] = name
    record["files"][0]["size"] = victim.stat().st_size
    record["files"][0]["sha256"] = hashlib.sha256(victim.read_bytes()).hexdigest()
    record_path.write_text(json.dumps(record))
    if in_manifest:
        manifest_path.write_text(json.dumps(manifest))
    else:
        manifest_path.unlink()
    query.to_parquet(folder, existing=existing)
    assert victim.read_text() == "keep me"
    assert query.outcomes[0].origin == "service"
    assert files_in(folder) == before


@pytest.mark.parametrize("content", ["", "null", "[]", "{}", '{"files": 3}', '{"rows": -1, "files": []}'])
def test_an_invalid_record_counts_as_missing(client: tf.Client, tmp_path: Path, content: str) -> None:
    query = week(client)
    paths = query.to_parquet(tmp_path)
    before = files_in(tmp_path)
    record_of(tmp_path, paths[0]).write_text(content)
    (tmp_path / "_tickframe" / "manifest.json").unlink()
    query.to_parquet(tmp_path)
    assert [outcome.origin for outcome in query.outcomes] == ["service", "dataset", "dataset", "dataset"]
    assert files_in(tmp_path) == before


def test_a_symbol_that_vanished_from_a_day_that_may_still_change_is_deleted(
    scripted: ScriptedServer, tmp_path: Path
) -> None:
    reply_symbols(scripted, {"symbols": ["A", "B"]}, {"symbols": ["A"]})
    today = dt.datetime.now(dt.UTC).date()
    with tf.Client(scripted.url, token="t") as client:
        query = client.get("ACTIV", "ticks", symbols=["A", "B"], day=today)
        assert len(query.to_parquet(tmp_path, partition_by="symbol")) == 2
        assert len(query.to_parquet(tmp_path, partition_by="symbol")) == 1
    assert [path.name for path in tmp_path.glob("symbol=*")] == ["symbol=A"]


@pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")
def test_pages_are_one_part_however_often_they_are_loaded(scripted: ScriptedServer, tmp_path: Path) -> None:
    """The cursor of a page differs from run to run."""
    with tf.Client(scripted.url, token="t") as client:
        for run in range(3):
            pages = [{"symbols": ["A", "B"], "cursor": f"{run}"}, {"symbols": ["C", "D"]}]
            reply_symbols(scripted, *pages)
            query = client.lookup_symbols("ACTIV")
            [path] = query.to_parquet(tmp_path, partition_by=[])
            assert len(query.outcomes) == 2
    assert list(pd.read_parquet(tmp_path)["symbol"]) == ["A", "B", "C", "D"]
    [record] = (tmp_path / "_tickframe" / "parts").iterdir()
    assert record.stem == path.stem


@pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")
def test_the_first_pages_of_a_part_that_failed_are_not_written(scripted: ScriptedServer, tmp_path: Path) -> None:
    reply_symbols(scripted, {"symbols": ["A", "B"], "cursor": "next"})
    scripted.reply(Reply(b"", 403))
    with tf.Client(scripted.url, token="t") as client:
        query = client.lookup_symbols("ACTIV")
        assert query.to_parquet(tmp_path, partition_by=[], on_error="collect") == []
    assert not list(tmp_path.rglob("*.parquet"))
    assert not list(tmp_path.rglob("parts/*.json"))


class BeingReplaced(Location):
    """An object store in which another process replaces a file right when it is read for the first time."""

    reads = 0

    def read(self, name: str) -> pa.Buffer:
        content = super().read(name)
        self.reads += 1
        return content.slice(0, len(content) // 2) if self.reads == 1 else content


def test_a_document_that_is_replaced_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "document.json").write_text('{"format": 2}')
    assert read_document(BeingReplaced(tmp_path), "document.json") == {"format": 2}
    (tmp_path / "document.json").write_text('{"format": ')
    assert read_document(Location(tmp_path), "document.json") is None
