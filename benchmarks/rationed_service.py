"""A service that answers small parts after a while, a limited number each second, some of them not at all.

Run as a program: ``python -m benchmarks.rationed_service DELAY RATE RETRY_AFTER FAILING``; it prints its address and ends with
its input.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.frames import TRADES, make_frame

__all__ = ["Ration", "rationed"]

_ROWS = 200


@dataclass(frozen=True)
class Ration:
    """What a service gives.

    Attributes
    ----------
    delay
        Seconds that an answer takes.
    rate
        How many requests it takes each second; beyond that it answers 429. 0 for any number.
    retry_after
        Seconds that it then asks to wait, a whole number.
    failing
        The share of the requests that it answers with 503: of each so many, one.
    """

    delay: float
    rate: float = 0.0
    retry_after: int = 1
    failing: float = 0.0


@contextlib.contextmanager
def rationed(ration: Ration) -> Iterator[str]:
    """Run a service in a process of its own, and lend its address."""
    figures = [str(each) for each in (ration.delay, ration.rate, ration.retry_after, ration.failing)]
    command = [sys.executable, "-m", "benchmarks.rationed_service", *figures]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def _serve(ration: Ration) -> None:
    body = make_frame(TRADES, _ROWS).framed
    lock = threading.Lock()
    taken = 0
    tokens, filled = ration.rate, time.monotonic()

    def status() -> int:
        """Take a request's token out of a bucket that holds those of one second."""
        nonlocal taken, tokens, filled
        with lock:
            now = time.monotonic()
            tokens = min(ration.rate, tokens + (now - filled) * ration.rate)
            filled = now
            if ration.rate and tokens < 1:
                return 429
            tokens -= 1
            taken += 1
            return 503 if ration.failing and taken % round(1 / ration.failing) == 0 else 200

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            code = status()
            if code != 429:
                time.sleep(ration.delay)
            content = body if code == 200 else b""
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            if code == 200:
                self.send_header("Content-Type", "application/octet-stream")
            if code == 429:
                self.send_header("Retry-After", str(ration.retry_after))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _serve(Ration(float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
