"""Exports: datasets that other tools open, and that are complete after failures and kills."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import fs

import tickframe as tf
from tests.object_store import ObjectStore
from tests.scripted_server import Reply, ScriptedServer
from tickframe.catalogue import FUNCTIONS
from tickframe.sandbox import Sandbox
from tickframe.wire.contract import DataResponse
from tickframe.wire.frames import write_frame

SYMBOLS = ["ZAL.XE", "ADS.XE"]
WEEK = ("2016-05-02", "2016-05-04")

QUERY = """
def query(client):
    symbols, days = ["ZAL.XE", "ADS.XE"], ("2016-05-02", "2016-05-04")
    return client.tick_data("ACTIV", symbols, days, data_type="TRADES", to_time="09:10")
"""

# The files are written by several threads: one at a time, so that those before the fourth are complete.
KILLED = """
import os, signal, sys, threading
import tickframe as tf
from tickframe.location import Location
lock, files, move_when_written = threading.Lock(), 0, Location._move_when_written
def write_and_kill(location, name, write):
    def write_or_kill(unfinished):
        global files
        write(unfinished)
        files += name.endswith(".parquet")
        if files == 4:
            os.kill(os.getpid(), signal.SIGKILL)
    with lock:
        move_when_written(location, name, write_or_kill)
Location._move_when_written = write_and_kill
query(tf.Client(cache_namespace=sys.argv[2])).to_parquet(sys.argv[1])
"""


def test_parquet_files_equal_the_response(client: tf.Client, tmp_path: Path) -> None:
    query = client.tick_data("ACTIV", "ZAL.XE", "2016-05-02", data_type="QUOTES", to_time="09:10")
    [path] = query.to_parquet(tmp_path)
    assert path.parent == tmp_path / "symbol=ZAL.XE" / "date=2016-05-02"
    expected = query.to_arrow().drop_columns(["symbol"])
    assert pa.parquet.read_table(path, partitioning=None).equals(expected)
    assert list(tmp_path.rglob("*.parquet")) == [path]
    # Readers load or skip whole row groups.
    assert pa.parquet.read_metadata(path).num_row_groups == 1


def test_an_export_run_again_requests_only_missing_parts(client: tf.Client, tmp_path: Path) -> None:
    query = client.tick_data("ACTIV", SYMBOLS, ("2016-05-06", "2016-05-07"), data_type="TRADES", to_time="09:10")
    with pytest.warns(tf.TickframeWarning):
        paths = query.to_parquet(tmp_path)
    contents = {path: path.read_bytes() for path in paths}
    paths[0].unlink()
    assert query.to_parquet(tmp_path) == paths
    assert {path: path.read_bytes() for path in paths} == contents
    origins = [(outcome.origin, outcome.rows > 0) for outcome in query.outcomes]
    assert origins == [("service", True), ("dataset", True), ("dataset", False), ("dataset", False)]


def test_an_export_can_overwrite_or_refuse(client: tf.Client, tmp_path: Path) -> None:
    query = client.tick_data("ACTIV", "ZAL.XE", WEEK, data_type="TRADES", to_time="09:10")
    paths = query.to_parquet(tmp_path)
    assert query.to_parquet(tmp_path, existing="overwrite") == paths
    assert {outcome.origin for outcome in query.outcomes} == {"service"}
    with pytest.raises(FileExistsError, match="3 of 3 parts"):
        query.to_parquet(tmp_path, existing="error")
    with pytest.raises(ValueError, match="existing"):
        query.to_parquet(tmp_path, existing="replace")


def test_a_day_that_may_still_change_is_requested_again(scripted: ScriptedServer, tmp_path: Path) -> None:
    today = dt.datetime.now(dt.UTC).date()
    response = DataResponse()
    for name in ("symbol", "venue"):
        response.data.columns[name].string_list.values.append("X")
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        query = client.get("ACTIV", "ticks", symbol="X", day=today)
        for _ in range(2):
            assert len(query.to_parquet(tmp_path, partition_by=["symbol"])) == 1
    assert len(scripted.received) == 2


@pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning")
def test_a_failed_export_keeps_complete_files_of_earlier_parts(scripted: ScriptedServer, tmp_path: Path) -> None:
    response = DataResponse()
    response.data.columns["symbol"].string_list.values.append("A")
    scripted.reply(Reply(write_frame(response.SerializeToString())), Reply(b"", 403))
    with tf.Client(scripted.url, token="t", max_workers=1) as client:
        query = client.tick_data("ACTIV", "A", ("2016-05-02", "2016-05-03"), data_type="TRADES")
        with pytest.raises(tf.errors.PermissionDeniedError):
            query.to_parquet(tmp_path, partition_by=["symbol"])
    [path] = tmp_path.rglob("*.parquet")
    assert {name for name in files_in(tmp_path) if name.endswith(".json")} == {
        "_tickframe/dataset.json",
        f"_tickframe/parts/{path.stem}.json",
    }
    assert [bool(outcome.error) for outcome in query.outcomes] == [False, True]


def test_a_response_of_many_symbols_and_days_is_partitioned_by_its_rows(client: tf.Client, tmp_path: Path) -> None:
    query = client.end_of_day("ACTIV", SYMBOLS, *WEEK)
    assert len(query.to_parquet(tmp_path)) == 6
    assert len(pd.read_parquet(tmp_path)) == len(query.to_pandas()) == 6


def test_a_symbol_cannot_name_a_file_outside_the_folder(scripted: ScriptedServer, tmp_path: Path) -> None:
    response = DataResponse()
    for name, values in {"symbol": ["../../x", "a/b"], "venue": ["X", "Y"]}.items():
        response.data.columns[name].string_list.values.extend(values)
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as other:
        paths = other.get("ACTIV", "x").to_parquet(tmp_path / "out", partition_by=["symbol"])
    assert {path.parent.name for path in paths} == {"symbol=..%2F..%2Fx", "symbol=a%2Fb"}


def test_frames_with_different_dictionaries_are_partitioned(scripted: ScriptedServer, tmp_path: Path) -> None:
    frames = []
    for symbol in "AB":
        response = DataResponse()
        for column in FUNCTIONS["end_of_day"].columns:
            values = response.data.columns[column.name]
            if column.name == "symbol":
                values.string_list.values.append(symbol)
            elif column.name == "date":
                values.days_list.values.append(16926)
            else:
                values.mixed_list.values.add()
        frames.append(write_frame(response.SerializeToString()))
    scripted.reply(Reply(b"".join(frames)))
    with tf.Client(scripted.url, token="t") as client:
        paths = client.end_of_day("ACTIV", ["A", "B"], "2016-05-05", "2016-05-05").to_parquet(tmp_path)
    assert [path.parent.parent.name for path in paths] == ["symbol=A", "symbol=B"]


def test_a_request_cannot_name_a_file_outside_the_folder(scripted: ScriptedServer, tmp_path: Path) -> None:
    response = DataResponse()
    response.data.columns["price"].double_list.values.append(1.0)
    scripted.reply(Reply(write_frame(response.SerializeToString())))
    with tf.Client(scripted.url, token="t") as client:
        [path] = client.get("ACTIV", "../../evil").to_parquet(tmp_path / "out", partition_by=())
    assert path.parent == tmp_path / "out"


def test_a_dataset_opens_in_duckdb_polars_and_pandas(client: tf.Client, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    polars = pytest.importorskip("polars")
    query = client.tick_data("ACTIV", SYMBOLS, WEEK, data_type="TRADES_AND_QUOTES", to_time="09:30")
    query.to_parquet(tmp_path)
    expected = query.to_arrow()
    shares = pa.compute.sum(expected["trade_size"]).as_py()
    files = f"{tmp_path}/**/*.parquet"
    counted = duckdb.read_parquet(files, hive_partitioning=True).aggregate("count(*), sum(trade_size)")
    assert counted.fetchall() == [(expected.num_rows, shares)]
    frame = polars.read_parquet(files, hive_partitioning=True)
    assert (len(frame), frame["trade_size"].sum()) == (expected.num_rows, shares)
    assert set(frame["symbol"].unique().cast(polars.String)) == set(SYMBOLS)
    read = pd.read_parquet(tmp_path)
    assert (len(read), read["trade_size"].sum()) == (expected.num_rows, shares)
    schemas = {pa.parquet.read_schema(path).remove_metadata() for path in tmp_path.rglob("*.parquet")}
    assert len(schemas) == 1


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(sandbox: Sandbox, script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a process with the sandbox's account in its environment."""
    environment = {
        **os.environ,
        "TICKFRAME_URL": sandbox.url,
        "TICKFRAME_USER": sandbox.user,
        "TICKFRAME_PASSWORD": sandbox.password,
        "TICKFRAME_CLIENT_SECRET": sandbox.client_secret,
    }
    return subprocess.run([sys.executable, "-c", script, *arguments], env=environment, check=False)


def test_an_export_that_is_killed_and_run_again_ends_with_the_same_dataset(sandbox: Sandbox, tmp_path: Path) -> None:
    """A process is killed before its fourth file is in place; the files that it leaves are complete."""
    complete, killed = tmp_path / "complete", tmp_path / "killed"
    done = run(sandbox, QUERY + KILLED, killed, sandbox.cache_namespace)
    assert done.returncode == -signal.SIGKILL
    assert len(list(killed.rglob("*.parquet"))) == 3
    assert len(list(killed.rglob("*.tmp"))) == 1
    # A thread may have been about to write the record of the third file.
    records = len(list(killed.glob("_tickframe/parts/*.json")))
    assert 0 <= records <= 3
    names: dict[str, Callable[[tf.Client], tf.Query]] = {}
    exec(QUERY, names)  # noqa: S102, what the process ran
    with tf.Client(**sandbox.account) as client:
        query = names["query"](client)
        query.to_parquet(killed)
        assert [outcome.origin for outcome in query.outcomes].count("service") == 6 - records
        query.to_parquet(complete)
    assert files_in(killed) == files_in(complete)


def test_a_manifest_counts_the_rows_of_all_runs_and_is_written_last(
    client: tf.Client, sandbox: Sandbox, tmp_path: Path
) -> None:
    def manifest() -> dict[str, object]:
        return json.loads((tmp_path / "_tickframe" / "manifest.json").read_text())

    first = client.tick_data("ACTIV", "ZAL.XE", WEEK, data_type="TRADES", to_time="09:10")
    second = client.tick_data("ACTIV", "ADS.XE", "2016-05-02", data_type="TRADES", to_time="09:10")
    for query in (first, second):
        query.to_parquet(tmp_path)
    assert manifest()["rows"] == len(pd.read_parquet(tmp_path))
    files = [tmp_path / file["name"] for part in manifest()["parts"].values() for file in part["files"]]
    assert sorted(files) == sorted(tmp_path.rglob("*.parquet"))
    before = manifest()
    with tf.Client(**{**sandbox.account, "password": "wrong"}) as wrong:
        query = wrong.tick_data("ACTIV", "ZAL.XE", "2016-05-05", data_type="TRADES", to_time="09:10")
        with pytest.raises(tf.errors.AuthenticationError):
            query.to_parquet(tmp_path)
    # Nothing changed, so what is there can still be read.
    assert manifest() == before
    assert len(tf.read_dataset(tmp_path)) == before["rows"]


def test_an_export_to_an_object_store_equals_one_on_disk(client: tf.Client, s3: ObjectStore, tmp_path: Path) -> None:
    query = client.tick_data("ACTIV", SYMBOLS, ("2016-05-06", "2016-05-07"), data_type="TRADES", to_time="09:10")
    uri = s3.uri("ticks")
    with pytest.warns(tf.TickframeWarning):
        paths = query.to_parquet(tmp_path)
    with pytest.warns(tf.TickframeWarning):
        files = query.to_parquet(uri)
    bare = uri.partition("?")[0]
    assert files == [f"{bare}/{path.relative_to(tmp_path).as_posix()}" for path in paths]
    on_disk = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()
    }
    assert s3.files(uri) == on_disk
    with pytest.raises(FileExistsError, match="4 of 4 parts"):
        query.to_parquet(uri, existing="error")
    filesystem, root = fs.FileSystem.from_uri(uri)
    filesystem.delete_file(f"{root}/{paths[0].relative_to(tmp_path).as_posix()}")
    assert query.to_parquet(uri) == files
    assert [outcome.origin for outcome in query.outcomes] == ["service", "dataset", "dataset", "dataset"]
    assert s3.files(uri) == on_disk
    with pytest.warns(tf.TickframeWarning):
        assert query.to_parquet(uri, existing="overwrite") == files
    assert s3.files(uri) == on_disk


def test_an_export_to_an_object_store_that_is_killed_and_run_again_is_complete(
    sandbox: Sandbox, s3: ObjectStore, tmp_path: Path
) -> None:
    complete, killed = tmp_path, s3.uri("killed")
    assert run(sandbox, QUERY + KILLED, killed, sandbox.cache_namespace).returncode == -signal.SIGKILL
    assert sum(name.endswith(".parquet") for name in s3.files(killed)) == 3
    records = sum(name.startswith("_tickframe/parts/tick") for name in s3.files(killed))
    names: dict[str, Callable[[tf.Client], tf.Query]] = {}
    exec(QUERY, names)  # noqa: S102, what the process ran
    with tf.Client(**sandbox.account) as client:
        query = names["query"](client)
        query.to_parquet(killed)
        assert [outcome.origin for outcome in query.outcomes].count("service") == 6 - records
        query.to_parquet(complete)
    left = s3.files(killed)
    assert {name: left[name] for name in left if not name.endswith(".tmp")} == files_in(complete)
