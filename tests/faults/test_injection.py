"""Interrupts, want of memory and failing files at every point of a run: nothing hangs, and nothing stays open.

A run of all points takes long, so a sample of them is the default; ``--points=all`` is what ``make inject``
runs, and ``--points=NUMBER`` repeats one.
"""

from __future__ import annotations

import errno
import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import tickframe as tf
from tests.faults.fixtures import threads_of_runs, wait_until
from tests.faults.injection import PACKAGE, SYNCHRONIZATION, Injection, ending, raising
from tests.faults.server import FaultServer
from tests.faults.ticks import SECRET, arrived, ask, expected, symbols, ticks_for
from tickframe.cache.write_behind import WriteBehind
from tickframe.http.cancellation import Cancellation, Cancelled

SAMPLE = 12
# The first point of a sample, modulo their distance.
SAMPLE_FROM = 7

pytestmark = [
    pytest.mark.filterwarnings("ignore::tickframe.TickframeWarning"),
    # Threads and generators that end by the injected exception.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@dataclass(frozen=True)
class Scenario:
    """A load or an export of a number of parts, by a client with or without a cache that may hold them."""

    parts: int = 6
    to: str = "arrow"
    cache: str = ""
    signs_in: bool = False

    @property
    def symbols(self) -> list[str]:
        return symbols(self.parts)

    def client(self, server: FaultServer, folder: Path) -> tf.Client:
        account = {"user": "u", "password": "p", "client_secret": "s"} if self.signs_in else {"token": SECRET}
        cache = folder / "cache" if self.cache else False
        return tf.Client(server.url, **account, max_workers=3, read_timeout=20, cache=cache)

    def run(self, client: tf.Client, folder: Path) -> Any:
        query = ask(client, self.symbols)
        return arrived(query.to_arrow()) if self.to == "arrow" else query.to_parquet(folder / "export")


SCENARIOS = {
    "one part": Scenario(1),
    "one part with sign-in": Scenario(1, signs_in=True),
    "one part into the cache": Scenario(1, cache="empty"),
    "one part from the cache": Scenario(1, cache="full"),
    "many parts": Scenario(),
    "many parts with sign-in": Scenario(signs_in=True),
    "many parts into the cache": Scenario(cache="empty"),
    "many parts from the cache": Scenario(cache="full"),
    "an export": Scenario(to="parquet"),
    "an export from the cache": Scenario(to="parquet", cache="full"),
}


@dataclass(frozen=True)
class Fault:
    """What is raised, and where: in files with these names, and whether also in the threads of a run."""

    act: Callable[[], None]
    error: type[BaseException]
    files: tuple[str, ...]
    in_threads: bool


FAULTS = {
    # Only the main thread is interrupted.
    "interrupt": Fault(raising(KeyboardInterrupt), KeyboardInterrupt, (PACKAGE, *SYNCHRONIZATION), in_threads=False),
    "no memory": Fault(raising(MemoryError), Exception, (PACKAGE,), in_threads=True),
    "disk full": Fault(
        raising(OSError, errno.ENOSPC, "No space left on device"), OSError, (f"{PACKAGE}/location.py",), in_threads=True
    ),
}


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        running.serve(ticks_for)
        yield running


@pytest.fixture(scope="module")
def selection(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--points"))


def selected(selection: str, count: int) -> list[int]:
    """Return the numbers of the points to try."""
    if selection == "all":
        return list(range(count))
    if selection == "sample":
        step = max(1, count // SAMPLE)
        return list(range(SAMPLE_FROM % min(step, count), count, step)) if count else []
    return [int(selection)]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_client_is_usable_after_a_fault_at_any_point(
    server: FaultServer,
    tmp_path: Path,
    *,
    selection: str,
    record_property: Callable[[str, object], None],
    scenario: str,
    fault: str,
) -> None:
    passed = inject(server, tmp_path / "none", SCENARIOS[scenario], FAULTS[fault], None)
    record_property("points", passed.points)
    record_property("lines", len(passed.lines))
    for at in selected(selection, passed.points):
        try:
            inject(server, tmp_path / str(at), SCENARIOS[scenario], FAULTS[fault], at)
        except AssertionError as error:
            error.add_note(f"{fault} in {scenario}: repeat it with --points={at} -k '{fault} and {scenario}'")
            raise


def inject(server: FaultServer, folder: Path, scenario: Scenario, fault: Fault, at: int | None) -> Injection:
    """Run a scenario with a fault, then again with the same client, which then closes."""
    client = scenario.client(server, folder)
    if scenario.cache == "full":
        ask(client, scenario.symbols).to_arrow()
        client.cache.flush()
    injection = Injection(fault.act, at, fault.files, fault.in_threads)
    first = ending(lambda: injection.run(lambda: scenario.run(client, folder)), f"the run, at {injection.place}")
    # The error is kept until the end, with the frames of its traceback.
    assert first.error is None or isinstance(first.error, fault.error), f"{first.error!r} at {injection.place}"
    if first.error is None and scenario.to == "arrow":
        assert first.result == expected(scenario.symbols), injection.place
    if at is None:
        assert first.error is None
    again = ending(lambda: arrived(ask(client, scenario.symbols).to_arrow()), f"a load after {injection.place}")
    assert (again.error, again.result) == (None, expected(scenario.symbols)), injection.place
    if scenario.to == "parquet":
        exported = ending(lambda: scenario.run(client, folder), f"an export after {injection.place}")
        assert exported.error is None, injection.place
        frame = tf.read_dataset(folder / "export")
        rows = sorted(zip(frame["symbol"], frame["trade_size"], strict=True))
        assert rows == expected(scenario.symbols), injection.place
    closed = ending(client.close, f"closing the client after {injection.place}")
    assert closed.error is None, injection.place
    wait_until(lambda: threads_of_runs() == [])
    server.wait_until_disconnected()
    assert list(folder.rglob("*.tmp")) == [], injection.place
    return injection


def test_a_run_is_cancelled_by_the_garbage_collector_at_any_point_of_a_wait() -> None:
    """The collector closes an abandoned run in whatever thread needs memory, even in one that waits for the run."""

    def wait(at: int | None) -> Injection:
        cancellation = Cancellation()
        injection = Injection(cancellation.cancel, at)

        def call() -> None:
            for seconds in (0.0, 0.001):
                cancellation.wait(seconds)
            with cancellation.active(), cancellation.releasing(list):
                cancellation.check()

        ended = ending(lambda: injection.run(call), f"a wait, cancelled at {at}")
        assert isinstance(ended.error, Cancelled | None)
        return injection

    for at in range(wait(None).points):
        assert wait(at).place


def test_an_interrupt_at_any_point_of_writing_behind_loses_no_other_job() -> None:
    def write(at: int | None) -> Injection:
        writing, done = WriteBehind(), []
        injection = Injection(raising(KeyboardInterrupt), at)
        ending(lambda: injection.run(lambda: writing.put("a", lambda: done.append("a"), 1)), f"put, at {at}")
        ending(lambda: writing.put("b", lambda: done.append("b"), 1), f"put after {injection.place}")
        ending(writing.wait, f"wait after {injection.place}")
        assert done[-1] == "b", injection.place
        return injection

    for at in range(write(None).points):
        write(at)
    gc.collect()
    wait_until(lambda: threads_of_runs() == [])
