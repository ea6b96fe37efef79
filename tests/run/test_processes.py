"""Interrupts, forks and rate limits, in processes of their own."""

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

from tests.faults.server import Ending, FaultServer, Received, Response, answer, refusal
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
LOADS = {
    "to_pandas": LOAD + "query.to_pandas()",
    "to_parquet": LOAD + "query.to_parquet(sys.argv[4])",
    "to_reader": LOAD + "import time\nreader = query.to_reader()\nfor batch in reader: time.sleep(120)",
}

FIRST = {PARTS[0], PARTS[1]}
STALLS: dict[str, Response] = {
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
def test_an_interrupt_ends_a_load_that_waits(server: FaultServer, stall: str, workers: str) -> None:
    """It takes about a second; the part would take two minutes."""
    server.serve(lambda request: ticks_for(request) if symbol_of(request) in FIRST else STALLS[stall])
    with running(LOADS["to_pandas"], server.url, SECRET, workers) as process:
        # With eight threads, the second response may be the one that pauses all of them.
        server.wait_for_requests(3 if workers == "1" else 2)
        interrupt(process)


@pytest.mark.parametrize("method", LOADS)
def test_an_interrupt_leaves_no_partial_file(server: FaultServer, tmp_path: Path, method: str) -> None:
    server.serve(lambda request: ticks_for(request) if symbol_of(request) in FIRST else STALLS["header"])
    with running(LOADS[method], server.url, SECRET, "8", str(tmp_path)) as process:
        server.wait_for_requests(9)
        interrupt(process)
    assert list(tmp_path.rglob("*.tmp")) == []
    for path in tmp_path.rglob("*.parquet"):
        assert pq.read_table(path, partitioning=None).num_rows == 5


def test_an_interrupt_in_jupyter_ends_a_cell(server: FaultServer) -> None:
    """In a real kernel, whose event loop is running; the next cell works."""
    manager_of = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    server.serve(lambda request: ticks_for(request) if symbol_of(request) in FIRST else STALLS["header"])
    cell = LOAD.replace("sys.argv[1]", repr(server.url)).replace("sys.argv[2]", repr(SECRET))
    manager, kernel = manager_of.start_new_kernel()
    try:
        request = kernel.execute(cell.replace("sys.argv[3]", "8") + "query.to_pandas()")
        server.wait_for_requests(9)
        manager.interrupt_kernel()
        reply = kernel.get_shell_msg(timeout=30)
        assert reply["parent_header"]["msg_id"] == request
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        server.serve(ticks_for)
        after = kernel.execute_interactive("assert len(query.to_pandas()) == 300", output_hook=lambda _: None)
        assert after["content"]["status"] == "ok"
    finally:
        kernel.stop_channels()
        manager.shutdown_kernel(now=True)


def interrupt(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    try:
        _, stderr = process.communicate(timeout=3)
    except subprocess.TimeoutExpired:
        # CPython does not notice a signal that arrives right before a system call that blocks.
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    # Only a hang takes longer: the requests would take two minutes.
    assert time.monotonic() - started < 10
    assert process.returncode in (-signal.SIGINT, 130, 1)
    assert "KeyboardInterrupt" in stderr
    assert "Fatal" not in stderr
    assert SECRET not in stderr


def test_an_interrupt_ends_a_load_that_cannot_connect() -> None:
    """If its queue of connections is full, a listener does not respond to the next one."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = []
        for _ in range(3):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listener.getsockname())
        script = LOADS["to_pandas"].replace("read_timeout=120", "connect_timeout=120")
        script = script.replace("query.to_pandas()", "print('started', flush=True)\nquery.to_pandas()")
        with running(script, f"http://127.0.0.1:{listener.getsockname()[1]}", SECRET, "8") as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            # Until its threads try to connect, which cannot be observed here.
            time.sleep(0.5)
            interrupt(process)
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
    # The child drops the parent's reader and loads for itself.
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
    """The parent's run continues: the child neither reads nor closes its connections."""
    server.serve(ticks_for)
    with running(FORK, server.url, SECRET, "4") as process:
        stdout, stderr = process.communicate(timeout=60)
    assert stdout.split() == ["0", "300", "300", "{1}"], stderr
    assert len(server.received) == 3 * len(PARTS)


def test_a_rate_limit_pauses_all_threads(server: FaultServer) -> None:
    """One of four threads is asked to wait three seconds; until then none sends a request."""
    limited_at: list[float] = []
    early: list[str] = []
    lock = threading.Lock()
    others_wait = threading.Event()

    def reply(request: Received) -> Response:
        server.wait_for_requests(4)
        with lock:
            if not limited_at:
                limited_at.append(time.monotonic())
                return refusal(429, Retry_After="3")
        if time.monotonic() < limited_at[0] + 1:
            # Requests in progress are answered once the 429 must have arrived.
            others_wait.wait(1)
        elif time.monotonic() < limited_at[0] + 2.9:
            early.append(symbol_of(request))
        return ticks_for(request)

    server.serve(reply)
    script = LOAD + "print(query.to_arrow().num_rows)"
    with running(script, server.url, SECRET, "4") as process:
        stdout, stderr = process.communicate(timeout=60)
    assert stdout == "300\n", stderr
    assert len(server.received) == len(PARTS) + 1
    assert early == []
