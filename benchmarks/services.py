"""Services in processes of their own, so that they do not share the interpreter with what is measured.

``python -m benchmarks.services NAME ARGUMENTS`` serves until its standard input is closed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, TypedDict

import pyarrow as pa
import pyarrow.parquet as pq

import tickframe as tf
from benchmarks.frames import QUOTES, SYMBOL, TRADES, make_frame, make_table
from tickframe.sandbox import Sandbox

DAY = dt.date(2016, 5, 5)

_LIMITED_ROWS = 200


class Account(TypedDict):
    """Arguments with which :class:`tickframe.Client` reaches a sandbox."""

    base_url: str
    user: str
    password: str
    client_secret: str


@dataclass(frozen=True)
class Limits:
    """How a service limits and fails requests.

    Attributes
    ----------
    delay
        Seconds that a response takes.
    rate
        Requests accepted each second; others get HTTP 429. 0 for no limit.
    retry_after
        The Retry-After header of HTTP 429, in whole seconds.
    failing
        The share of the accepted requests that get HTTP 503, evenly spaced.
    """

    delay: float
    rate: float = 0.0
    retry_after: int = 1
    failing: float = 0.0


@contextlib.contextmanager
def child_process(*arguments: str) -> Iterator[tuple[IO[str], IO[str]]]:
    """Run ``python -m`` and yield its standard input and output; at the end close them and wait for it."""
    command = [sys.executable, "-W", "ignore", "-m", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdin, process.stdout


@contextlib.contextmanager
def sandbox_process(data: Path, delay: float = 0.0, kept_bytes: int = 0) -> Iterator[Account]:
    """Run a sandbox that serves a folder; ``delay`` and ``kept_bytes`` are those of :class:`Sandbox`."""
    arguments = json.dumps({"data": str(data), "answer_delay": delay, "kept_bytes": kept_bytes})
    with child_process("benchmarks.services", "sandbox", arguments) as (_, output):
        yield json.loads(output.readline())


@contextlib.contextmanager
def limited_process(limits: Limits) -> Iterator[str]:
    """Run a service that limits requests and sends each the same trades; yield its URL."""
    with child_process("benchmarks.services", "limited", json.dumps(asdict(limits))) as (_, output):
        yield output.readline().strip()


def days_of_trades(client: tf.Client, days: int) -> tf.Query:
    """Return a query for the trades of some days, one request each."""
    return client.tick_data("LOCAL", SYMBOL, (DAY, DAY + dt.timedelta(days=days - 1)), data_type="TRADES")


def write_market(folder: Path, rows: int, days: int = 1) -> None:
    """Write Parquet files of trades and quotes for a sandbox to serve.

    Parameters
    ----------
    folder
        Gets ``trades/`` and ``quotes/`` with one file each.
    rows
        Number of trades, and of quotes, on each day.
    days
        Number of days, starting on ``DAY``.
    """
    for seed, kind in enumerate((TRADES, QUOTES)):
        table = make_table(kind, rows, seed)
        # Parquet has no durations: other tools read times of day.
        times = table.column("time").cast(pa.int64()).cast(pa.time64("ns"))
        table = table.set_column(table.schema.get_field_index("time"), "time", times)
        dates = [pa.nulls(rows, pa.date32()).fill_null(pa.scalar(DAY + dt.timedelta(days=day))) for day in range(days)]
        position = table.schema.get_field_index("date")
        (folder / kind.name).mkdir(parents=True)
        pq.write_table(
            pa.concat_tables([table.set_column(position, "date", date) for date in dates]),
            folder / kind.name / f"{SYMBOL}_{DAY}.parquet",
        )


class _LimitedServer(ThreadingHTTPServer):
    """Sends every request the same body, within limits."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(("127.0.0.1", 0), _LimitedHandler)
        self.limits = limits
        self.body = make_frame(TRADES, _LIMITED_ROWS).framed
        self._lock = threading.Lock()
        self._accepted = 0
        self._tokens, self._filled = limits.rate, time.monotonic()

    def status(self) -> int:
        """Return the status of the next response, from a token bucket that holds one second's requests."""
        limits = self.limits
        with self._lock:
            now = time.monotonic()
            self._tokens = min(limits.rate, self._tokens + (now - self._filled) * limits.rate)
            self._filled = now
            if limits.rate and self._tokens < 1:
                return 429
            self._tokens -= 1
            self._accepted += 1
            return 503 if limits.failing and self._accepted % round(1 / limits.failing) == 0 else 200


class _LimitedHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _LimitedServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.status()
        if status != 429:
            time.sleep(self.server.limits.delay)
        body = self.server.body if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 200:
            self.send_header("Content-Type", "application/octet-stream")
        if status == 429:
            self.send_header("Retry-After", str(self.server.limits.retry_after))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


def _main(name: str, arguments: str) -> None:
    if name == "sandbox":
        with Sandbox(**json.loads(arguments)) as sandbox:
            print(json.dumps(sandbox.account), flush=True)
            sys.stdin.read()
    else:
        server = _LimitedServer(Limits(**json.loads(arguments)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _main(*sys.argv[1:])
