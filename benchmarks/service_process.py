"""A sandbox in a process of its own, so that it does not share the interpreter with what is timed.

Run as a program it is that process: ``python -m benchmarks.service_process DELAY KEPT_BYTES [FOLDER]``; it ends with its input.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

import tickframe as tf

__all__ = ["Account", "served"]


class Account(NamedTuple):
    """Where a sandbox is and who may ask."""

    base_url: str
    user: str
    password: str
    client_secret: str

    def client(self, max_workers: int = 8) -> tf.Client:
        """Return a client of it."""
        return tf.Client(**self._asdict(), max_workers=max_workers)


@contextlib.contextmanager
def served(delay: float = 0.0, folder: str | None = None, *, kept_bytes: int = 0) -> Iterator[Account]:
    """Run a sandbox whose answers take some seconds longer, of a folder of ticks or simulated."""
    command = [sys.executable, "-m", "benchmarks.service_process", str(delay), str(kept_bytes)]
    command += [folder] if folder else []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Account(*json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()


def _serve(delay: float, kept_bytes: int, folder: str | None) -> None:
    from tickframe.sandbox import Sandbox  # noqa: PLC0415 - only the process that serves needs it

    with Sandbox(folder, answer_delay=delay, kept_bytes=kept_bytes) as sandbox:
        print(json.dumps([sandbox.url, sandbox.user, sandbox.password, sandbox.client_secret]), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _serve(float(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
