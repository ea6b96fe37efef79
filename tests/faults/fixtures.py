"""A fault server, a client of it, and checks that a run leaves nothing open."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tickframe as tf
from tests.faults.server import FaultServer
from tests.faults.ticks import SECRET


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def client(server: FaultServer) -> Iterator[tf.Client]:
    with tf.Client(server.url, token=SECRET, read_timeout=20) as connected:
        yield connected


def threads_of_runs() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("tickframe") and "sandbox" not in each.name]


def open_sockets() -> int:
    """Return the number of sockets of this process."""
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            count += str(descriptor.readlink()).startswith("socket:")
        except FileNotFoundError:
            continue
    return count


def wait_until(reached: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a state that the other end of a socket brings about."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


@pytest.fixture
def leaves_nothing(server: FaultServer) -> Callable[[], None]:
    """Return a check that no thread of a run and no connection to the server remains."""

    def check() -> None:
        gc.collect()
        assert threads_of_runs() == []
        server.wait_until_disconnected()

    return check
