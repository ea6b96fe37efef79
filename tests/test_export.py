"""Exports: datasets that other tools open, and that survive what happens to a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import tickframe as tf
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
import tickframe as tf
from tickframe import export
written = 0
write_whole = export._write_whole
def write_and_die(path, table):
    global written
    write_whole(path, table)
    written += 1
    if written == 3:
        path.with_name(f".{path.name}.1.tmp").write_bytes(b"PAR1")
        os.kill(os.getpid(), signal.SIGKILL)
export._write_whole = write_and_die
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


def test_an_export_that_is_killed_and_run_again_ends_with_the_same_dataset(sandbox: Sandbox, tmp_path: Path) -> None:
    """A real process is killed after its third file; what it left behind is whole."""
    environment = {
        **os.environ,
        "TICKFRAME_URL": sandbox.url,
        "TICKFRAME_USER": sandbox.user,
        "TICKFRAME_PASSWORD": sandbox.password,
        "TICKFRAME_CLIENT_SECRET": sandbox.client_secret,
    }
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    done = subprocess.run([sys.executable, "-c", ASKED + DYING, killed], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(killed.rglob("*.parquet"))) == 3
    names: dict[str, Callable[[tf.Client], tf.Query]] = {}
    exec(ASKED, names)  # noqa: S102, what the process ran
    with sandbox.client() as client:
        query = names["query"](client)
        query.to_parquet(killed)
        assert [outcome.origin for outcome in query.outcomes].count("service") == 4
        query.to_parquet(whole)
    read = {path.relative_to(whole): path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    assert {path.relative_to(killed): path.read_bytes() for path in killed.rglob("*") if path.is_file()} == read
