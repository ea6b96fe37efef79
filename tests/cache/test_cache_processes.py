"""Killed and concurrent processes: every entry reads right or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import tickframe as tf
from tests.faults.server import FaultServer
from tests.faults.ticks import ask, symbol_of, symbols, ticks_for

# Forks writers and kills each at a random moment, then reads what it left before the next one starts.
KILLED = """
import datetime, os, random, signal, sys, time
from pathlib import Path
import numpy as np
import pyarrow as pa
from tickframe.wire.reader import Response
from tickframe.cache.key import Key, Window
from tickframe.cache.checksum import InvalidEntryError
from tickframe.cache.entry import Entry, write_entry
from tickframe.location import Location

kills, place = int(sys.argv[1]), sys.argv[2]
folder = Location(place)
keys = [Key(f"source=A/symbol=S{number}", Window(), f"{number:032x}") for number in range(3)]

def values(number, version):
    return np.arange(20_000) * 7919 + version * 10 + number

def response(number, version):
    sizes = pa.array(values(number, version))
    return Response((pa.RecordBatch.from_arrays([sizes], names=["trade_size"]),), rows=len(sizes), bytes=1)

def write(version, ready):
    now = datetime.datetime.now(datetime.UTC)
    entries = [write_entry(response(number, version), key, {}, now, "0") for number, key in enumerate(keys)]
    os.write(ready, b"r")
    while True:
        for key, entry in zip(keys, entries):
            folder.write(key.name, entry)

pa.set_cpu_count(1)
draw = random.Random(11)
found = 0
for version in range(kills):
    waiting, ready = os.pipe()
    pid = os.fork()
    if not pid:
        write(version, ready)
    os.read(waiting, 1)
    time.sleep(draw.uniform(0, 0.006))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(waiting), os.close(ready)
    for number, key in enumerate(keys):
        try:
            read = Entry(pa.BufferReader(folder.read(key.name)), key).read()
        except FileNotFoundError:
            continue
        sizes = read.batches[0].column(0).to_numpy()
        assert sizes[0] // 10 <= version and (sizes == values(number, sizes[0] // 10)).all(), (number, version)
        found += 1
print(found, len(list(Path(place).rglob(".*.tmp"))))
"""

LOADING = """
import sys
import tickframe as tf
from tests.faults.ticks import arrived, ask, expected, symbols
import tickframe.cache.key as key, tickframe.cache.provenance as provenance

url, place, version = sys.argv[1:]
key.FORMAT = provenance.FORMAT = int(version)
with tf.Client(url, token="t", cache=place, max_workers=4) as client:
    asked = symbols(50)
    for _ in range(2):
        query = ask(client, asked)
        assert arrived(query.to_arrow()) == expected(asked)
        client.cache.flush()
    print(sum(outcome.origin == "service" for outcome in query.outcomes))
"""


def test_an_entry_reads_right_or_not_at_all_after_a_thousand_kills(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, "1000", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    found, interrupted = map(int, done.stdout.split())
    assert found > 1000
    assert interrupted > 20


@pytest.mark.parametrize("versions", ["11111111", "12121212"])
def test_eight_processes_share_a_folder(tmp_path: Path, versions: str) -> None:
    """Every response is right, no process fetches a part twice, and two versions of the format do not interfere."""
    with FaultServer() as server:
        server.serve(ticks_for)
        commands = [[sys.executable, "-c", LOADING, server.url, str(tmp_path), version] for version in versions]
        running = [
            subprocess.Popen(each, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for each in commands
        ]
        output = [process.communicate() for process in running]
        assert [(process.returncode, out, err) for process, (out, err) in zip(running, output, strict=True)] == [
            (0, "0\n", "")
        ] * 8
        asked = Counter(symbol_of(request) for request in server.received)
    assert set(asked) == set(symbols(50))
    assert max(asked.values()) <= 8
    assert len(list(tmp_path.rglob("*.parquet"))) == 50 * len(set(versions))
    assert not list(tmp_path.rglob(".*"))


def test_one_process_fetches_a_part_once(tmp_path: Path) -> None:
    """Twelve threads of two clients ask for the same parts at the same time."""
    script = """
import json, sys, threading
import tickframe as tf
from tests.faults.ticks import ask

url, place = sys.argv[1:]
clients = [tf.Client(url, token="t", cache=place) for _ in range(2)]
start = threading.Barrier(12)
rows = []
def load(number):
    start.wait()
    rows.append(ask(clients[number % 2], ["S000", "S001"]).to_arrow().num_rows)
threads = [threading.Thread(target=load, args=(number,)) for number in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps(rows))
"""
    with FaultServer() as server:
        server.serve(ticks_for)
        done = subprocess.run(
            [sys.executable, "-c", script, server.url, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == [10] * 12
        assert sorted(symbol_of(request) for request in server.received) == ["S000", "S001"]


def test_a_forked_child_uses_the_cache_of_its_parent(tmp_path: Path) -> None:
    script = """
import os, sys
import tickframe as tf
from tests.faults.ticks import ask

url, place = sys.argv[1:]
client = tf.Client(url, token="t", cache=place, max_workers=1)
ask(client, ["S000"]).to_arrow()
pid = os.fork()
query = ask(client, ["S000", "S001" if pid else "S002"])
assert query.to_arrow().num_rows == 10
client.cache.flush()
assert ask(client, ["S000", "S001" if pid else "S002"]).to_arrow(cache="only").num_rows == 10
client.close()
if not pid: os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
"""
    with FaultServer() as server:
        server.serve(ticks_for)
        done = subprocess.run(
            [sys.executable, "-c", script, server.url, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_fetched_responses_are_written_before_the_process_exits(tmp_path: Path) -> None:
    """The client is not closed."""
    script = """
import sys
import tickframe as tf
from tests.faults.ticks import ask, symbols
ask(tf.Client(sys.argv[1], token="t", cache=sys.argv[2]), symbols(30)).to_arrow()
"""
    with FaultServer() as server:
        server.serve(ticks_for)
        subprocess.run([sys.executable, "-c", script, server.url, str(tmp_path)], check=True)
        with tf.Client(server.url, token="t", cache=tmp_path) as client:
            assert ask(client, symbols(30)).to_arrow(cache="only").num_rows == 150
