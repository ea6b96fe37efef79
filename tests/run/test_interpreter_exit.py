"""A load in a finalizer that the exit of the interpreter calls ends, with the rows or with an error."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.server import FaultServer
from tests.faults.ticks import ROWS, ticks_for

LOADING = """
import sys
import tickframe as tf
from tests.faults.ticks import arrived, ask, expected, symbols

class Late:
    def __init__(self, client, asked, folder):
        self.client, self.asked, self.folder = client, asked, folder
        self.ask, self.print, self.error = ask, print, Exception

    def __del__(self):
        try:
            query = self.ask(self.client, self.asked)
            rows = query.to_arrow().num_rows if self.folder is None else len(query.to_parquet(self.folder))
            self.print("loaded", rows)
        except self.error as error:
            self.print("failed", error)

url, count, cache, folder, first = sys.argv[1:]
client = tf.Client(url, token="t", cache=cache or False, max_workers=3)
if first:
    # Everything that is imported only for a load is there.
    ask(client, symbols(int(count))).to_parquet(first)
late = Late(client, symbols(int(count)), folder or None)
"""


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        running.serve(ticks_for)
        yield running


@pytest.mark.parametrize("first", ["", "first"])
@pytest.mark.parametrize("to", ["", "export"])
@pytest.mark.parametrize("cache", ["", "cache"])
@pytest.mark.parametrize("parts", [1, 6])
def test_a_load_while_the_interpreter_exits_ends(
    server: FaultServer, tmp_path: Path, *, parts: int, cache: str, to: str, first: str
) -> None:
    folders = [str(tmp_path / name) if name else "" for name in (cache, to, first)]
    done = subprocess.run(
        [sys.executable, "-c", LOADING, server.url, str(parts), *folders],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    word, result = done.stdout.split(maxsplit=1)
    assert word == "failed" or int(result) == (parts if to else parts * ROWS)
