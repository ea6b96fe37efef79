"""Interrupts and forks, in processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.faults.server import Answer, Ending, FaultServer, Received, answer, refusal
from tests.faults.ticks import SECRET, framed_ticks, symbol_of, symbols, ticks_for

PARTS = symbols(60)
ROOT = Path(__file__).parent.parent.parent

LOAD = """
import sys
import tickframe as tf
client = tf.Client(sys.argv[1], token=sys.argv[2], max_workers=int(sys.argv[3]), read_timeout=120)
symbols = [f"S{number:03}" for number in range(60)]
query = client.tick_data("ACTIV", symbols, "2016-05-05", data_type="TRADES")
"""
WAYS = {
    "to_pandas": LOAD + "query.to_pandas()",
    "to_parquet": LOAD + "query.to_parquet(sys.argv[4])",
    "a reader of one's own": LOAD + "import time\nreader = query.to_reader()\nfor batch in reader: time.sleep(120)",
}

FIRST = {PARTS[0], PARTS[1]}
STALLS: dict[str, Answer] = {
    "header": answer().before_any_byte(Ending.STALLED),
    "body": answer(framed_ticks("S000")).cut_in_body(99, Ending.STALLED),
    "trickle": replace(answer(framed_ticks("S000")), seconds_between_pieces=1),
    "pause": refusal(429, Retry_After="100"),
}


@contextmanager
def running(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("workers", ["1", "8"])
@pytest.mark.parametrize("stall", STALLS)
def test_an_interrupt_ends_a_load_whatever_it_waits_for(server: FaultServer, stall: str, workers: str) -> None:
    """A second or so, where a part would take two minutes."""
    server.serve(lambda request: ticks_for(request) if symbol_of(request) in FIRST else STALLS[stall])
    with running(WAYS["to_pandas"], server.url, SECRET, workers) as process:
        # Of eight threads at once the second one may be the one that is told to wait, and the others with it.
        server.wait_for_requests(3 if workers == "1" else 2)
        interrupted(process)


@pytest.mark.parametrize("way", WAYS)
def test_an_interrupt_leaves_nothing_half_written(server: FaultServer, tmp_path: Path, way: str) -> None:
    server.serve(lambda request: ticks_for(request) if symbol_of(request) in FIRST else STALLS["header"])
    with running(WAYS[way], server.url, SECRET, "8", str(tmp_path)) as process:
        server.wait_for_requests(9)
        interrupted(process)
    assert list(tmp_path.rglob("*.tmp")) == []
    for path in tmp_path.rglob("*.parquet"):
        assert pq.read_table(path, partitioning=None).num_rows == 5


def test_jupyter_s_interrupt_ends_a_cell(server: FaultServer) -> None:
    """A real kernel, whose event loop runs while the cell does; the next cell works."""
    manager_of = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    server.serve(lambda request: ticks_for(request) if symbol_of(request) in FIRST else STALLS["header"])
    cell = LOAD.replace("sys.argv[1]", repr(server.url)).replace("sys.argv[2]", repr(SECRET))
    manager, kernel = manager_of.start_new_kernel()
    try:
        asked = kernel.execute(cell.replace("sys.argv[3]", "8") + "query.to_pandas()")
        server.wait_for_requests(9)
        manager.interrupt_kernel()
        reply = kernel.get_shell_msg(timeout=30)
        assert reply["parent_header"]["msg_id"] == asked
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        server.serve(ticks_for)
        after = kernel.execute_interactive("assert len(query.to_pandas()) == 300", output_hook=lambda _: None)
        assert after["content"]["status"] == "ok"
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)


def interrupted(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, words = process.communicate(timeout=30)
    # Only a hang takes as long: what is waited for here takes two minutes.
    assert time.monotonic() - started < 10
    assert process.returncode in (-signal.SIGINT, 130, 1)
    assert "KeyboardInterrupt" in words
    assert "Fatal" not in words
    assert SECRET not in words


def test_an_interrupt_ends_a_load_that_cannot_connect() -> None:
    """A full queue of connections leaves the next one without an answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = []
        for _ in range(3):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listener.getsockname())
        script = WAYS["to_pandas"].replace("read_timeout=120", "connect_timeout=120")
        script = script.replace("query.to_pandas()", "print('begun', flush=True)\nquery.to_pandas()")
        with running(script, f"http://127.0.0.1:{listener.getsockname()[1]}", SECRET, "8") as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            # Until its threads try to connect, which nothing here can see.
            time.sleep(0.5)
            interrupted(process)
        for connection in waiting:
            connection.close()


FORK = (
    LOAD
    + """
import os
before = query.to_arrow().num_rows
reader = query.to_reader()
reader.read_next_batch()
child = os.fork()
if child == 0:
    # What the child leaves, and what it asks for, is its own.
    del reader
    rows = query.to_arrow().num_rows
    os._exit(0 if rows == before else 1)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
rest = sum(batch.num_rows for batch in reader)
attempts = {outcome.attempts for outcome in query.outcomes}
print(status, before, rest + 5, attempts)
"""
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_child_loads_over_connections_of_its_own(server: FaultServer) -> None:
    """And the parent's run goes on: the child neither reads nor ends its connections."""
    server.serve(ticks_for)
    with running(FORK, server.url, SECRET, "4") as process:
        words, errors = process.communicate(timeout=60)
    assert words.split() == ["0", "300", "300", "{1}"], errors
    assert len(server.received) == 3 * len(PARTS)


def test_one_refusal_for_now_holds_all_threads_back(server: FaultServer) -> None:
    """Of four threads one is told to wait three seconds: until then none asks."""
    told: list[float] = []
    early: list[str] = []
    turn = threading.Lock()
    others_wait = threading.Event()

    def reply(request: Received) -> Answer:
        server.wait_for_requests(4)
        with turn:
            if not told:
                told.append(time.monotonic())
                return refusal(429, Retry_After="3")
        if time.monotonic() < told[0] + 1:
            # What was under way is answered when the refusal must have arrived.
            others_wait.wait(1)
        elif time.monotonic() < told[0] + 2.9:
            early.append(symbol_of(request))
        return ticks_for(request)

    server.serve(reply)
    script = LOAD + "print(query.to_arrow().num_rows)"
    with running(script, server.url, SECRET, "4") as process:
        words, errors = process.communicate(timeout=60)
    assert words == "300\n", errors
    assert len(server.received) == len(PARTS) + 1
    assert early == []
