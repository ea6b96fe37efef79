"""Exports: datasets that other tools open, and that survive what happens to a run."""

from __future__ import annotations

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
from tickframe.sandbox import Sandbox

SYMBOLS = ["ZAL.XE", "ADS.XE"]
WEEK = ("2016-05-02", "2016-05-04")

ASKED = """
def query(client):
    symbols, days = ["ZAL.XE", "ADS.XE"], ("2016-05-02", "2016-05-04")
    return client.tick_data("ACTIV", symbols, days, data_type="TRADES", to_time="09:10")
"""

DYING = """
import os, signal, sys
import pyarrow.parquet
import tickframe as tf
begun = 0
write_table = pyarrow.parquet.write_table
def write_and_die(table, path, **options):
    global begun
    begun += 1
    write_table(table, path, **options)
    if begun == 4:
        os.kill(os.getpid(), signal.SIGKILL)
pyarrow.parquet.write_table = write_and_die
query(tf.Client()).to_parquet(sys.argv[1])
"""


def test_a_dataset_opens_in_what_people_use(client: tf.Client, tmp_path: Path) -> None:
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
    """Run a script in a process whose environment holds the sandbox's account."""
    environment = {
        **os.environ,
        "TICKFRAME_URL": sandbox.url,
        "TICKFRAME_USER": sandbox.user,
        "TICKFRAME_PASSWORD": sandbox.password,
        "TICKFRAME_CLIENT_SECRET": sandbox.client_secret,
    }
    return subprocess.run([sys.executable, "-c", script, *arguments], env=environment, check=False)


def test_an_export_that_is_killed_and_run_again_ends_with_the_same_dataset(sandbox: Sandbox, tmp_path: Path) -> None:
    """A real process is killed before its fourth file is in place; what it left behind is whole."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    done = run(sandbox, ASKED + DYING, killed)
    assert done.returncode == -signal.SIGKILL
    assert len(list(killed.rglob("*.parquet"))) == 3
    assert len(list(killed.rglob("*.tmp"))) == 1
    names: dict[str, Callable[[tf.Client], tf.Query]] = {}
    exec(ASKED, names)  # noqa: S102, what the process ran
    with sandbox.client() as client:
        query = names["query"](client)
        query.to_parquet(killed)
        assert [outcome.origin for outcome in query.outcomes].count("service") == 3
        query.to_parquet(whole)
    assert files_in(killed) == files_in(whole)


def test_a_manifest_names_all_rows_of_all_runs_and_is_written_last(client: tf.Client, tmp_path: Path) -> None:
    def manifest() -> dict[str, object]:
        return json.loads((tmp_path / "_tickframe" / "manifest.json").read_text())

    first = client.tick_data("ACTIV", "ZAL.XE", WEEK, data_type="TRADES", to_time="09:10")
    second = client.tick_data("ACTIV", "ADS.XE", "2016-05-02", data_type="TRADES", to_time="09:10")
    for query in (first, second):
        query.to_parquet(tmp_path)
    assert manifest()["rows"] == len(pd.read_parquet(tmp_path))
    files = [tmp_path / file for part in manifest()["parts"].values() for file in part["files"]]
    assert sorted(files) == sorted(tmp_path.rglob("*.parquet"))
    wrong = client.tick_data("NOWHERE", "ZAL.XE", "2016-05-02", data_type="TRADES")
    with pytest.raises(tf.errors.TickframeError):
        wrong.to_parquet(tmp_path)
    with pytest.raises(FileNotFoundError):
        manifest()


def test_an_export_to_an_object_store_is_the_one_on_a_disk(client: tf.Client, s3: ObjectStore, tmp_path: Path) -> None:
    query = client.tick_data("ACTIV", SYMBOLS, ("2016-05-06", "2016-05-07"), data_type="TRADES", to_time="09:10")
    place = s3.uri("ticks")
    with pytest.warns(tf.TickframeWarning):
        paths = query.to_parquet(tmp_path)
    with pytest.warns(tf.TickframeWarning):
        files = query.to_parquet(place)
    bare = place.partition("?")[0]
    assert files == [f"{bare}/{path.relative_to(tmp_path).as_posix()}" for path in paths]
    on_disk = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()
    }
    assert s3.files(place) == on_disk
    with pytest.raises(FileExistsError, match="4 of 4 parts"):
        query.to_parquet(place, existing="error")
    filesystem, root = fs.FileSystem.from_uri(place)
    filesystem.delete_file(f"{root}/{paths[0].relative_to(tmp_path).as_posix()}")
    assert query.to_parquet(place) == files
    assert [outcome.origin for outcome in query.outcomes] == ["service", "dataset", "dataset", "dataset"]
    assert s3.files(place) == on_disk
    with pytest.warns(tf.TickframeWarning):
        assert query.to_parquet(place, existing="overwrite") == files
    assert s3.files(place) == on_disk


def test_an_export_to_an_object_store_that_is_killed_and_run_again_is_whole(
    sandbox: Sandbox, s3: ObjectStore, tmp_path: Path
) -> None:
    whole, killed = tmp_path, s3.uri("killed")
    assert run(sandbox, ASKED + DYING, killed).returncode == -signal.SIGKILL
    assert sum(name.endswith(".parquet") for name in s3.files(killed)) == 3
    names: dict[str, Callable[[tf.Client], tf.Query]] = {}
    exec(ASKED, names)  # noqa: S102, what the process ran
    with sandbox.client() as client:
        query = names["query"](client)
        query.to_parquet(killed)
        assert [outcome.origin for outcome in query.outcomes].count("service") == 3
        query.to_parquet(whole)
    left = s3.files(killed)
    assert {name: left[name] for name in left if not name.endswith(".tmp")} == files_in(whole)
