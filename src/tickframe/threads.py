"""Threads that an interrupt cannot leave half started, and signals between them that it cannot leave locked.

An interrupt is raised between two calls of the main thread, also inside the standard library: between the two
lines of ``Condition.__enter__``, or while ``Thread.start`` waits. Then an ``Event`` or a ``Condition`` stays locked
and every other thread that uses it hangs. What is written in C is called whole or not at all. So is
``with lock:`` with a lock of ``threading``, but not with a context manager that is written in Python.
"""

from __future__ import annotations

import _thread
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any, Generic, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# Seconds after which a waiting thread looks again. An interrupted one may have kept a wake-up that was for others.
_CHECK_INTERVAL = 0.1


class Signal:
    """What :class:`threading.Event` is. It can be set at any point, also by the garbage collector during a wait."""

    def __init__(self) -> None:
        self._is_set = False
        self._gate = threading.Lock()
        self._gate.acquire()

    def is_set(self) -> bool:
        """Return whether it was set."""
        return self._is_set

    def set(self) -> None:
        """Set it, and wake the threads that wait for it."""
        self._is_set = True
        try:
            self._gate.release()
        except RuntimeError:
            # It was set before.
            return

    def wait(self, seconds: float) -> bool:
        """Wait until it is set or the time has passed; return whether it is set."""
        deadline = monotonic() + seconds
        while not self._is_set and (left := deadline - monotonic()) > 0:
            if self._gate.acquire(timeout=min(_CHECK_INTERVAL, left)):
                # Wakes the next one that waits.
                self.set()
        return self._is_set


class StartedCall(Generic[_Result]):
    """A function that is called in a thread of its own.

    Parameters
    ----------
    function
        What to call.
    arguments
        Its arguments.
    name
        Name of the thread.
    daemon
        Whether the exit of the interpreter does not wait for it.

    Raises
    ------
    RuntimeError
        If no thread can be started, as while the interpreter exits.
    """

    def __init__(self, function: Callable[..., _Result], *arguments: Any, name: str, daemon: bool) -> None:
        self._function: Callable[..., _Result] | None = function
        self._arguments = arguments
        self._error: BaseException | None = None
        self._result: _Result
        self._ended = Signal()
        self._thread = threading.Thread(target=self._run, name=name, daemon=daemon)
        start_thread(self._thread)

    def _run(self) -> None:
        assert self._function is not None
        try:
            self._result = self._function(*self._arguments)
        except BaseException as error:  # noqa: BLE001, raised again where the result is read
            self._error = error
        finally:
            self._function, self._arguments = None, ()
            self._ended.set()

    def wait(self) -> bool:
        """Wait until the call has ended; return False if its thread no longer runs, as when the interpreter exits."""
        while not self._ended.wait(_CHECK_INTERVAL):
            if sys.is_finalizing() or not self._thread.is_alive():
                return self._ended.is_set()
        return True

    def result(self) -> _Result:
        """Wait for the result and return it, or raise the error of the call.

        Raises
        ------
        RuntimeError
            If its thread no longer runs.
        """
        if not self.wait():
            raise RuntimeError(f"the thread {self._thread.name} ended without a result: try again")
        if self._error is not None:
            raise self._error
        return self._result


def start_thread(thread: threading.Thread) -> None:
    """Start a thread, so that an interrupt leaves it started or not.

    Raises
    ------
    RuntimeError
        If it cannot be started, as while the interpreter exits.
    """
    if sys.is_finalizing():
        raise RuntimeError("cannot start a thread while the interpreter exits")
    started = Signal()
    failures: list[BaseException] = []
    # In a thread that no interrupt reaches: Thread.start() itself waits for the new thread.
    _thread.start_new_thread(_start, (thread, started, failures))
    while not started.wait(_CHECK_INTERVAL):
        if sys.is_finalizing():
            raise RuntimeError("cannot start a thread while the interpreter exits")
    if failures:
        raise RuntimeError(f"cannot start a thread: {failures[0]}") from failures[0]


def _start(thread: threading.Thread, started: Signal, failures: list[BaseException]) -> None:
    try:
        thread.start()
    except BaseException as error:  # noqa: BLE001, raised again in the thread that waits
        failures.append(error)
    finally:
        started.set()


def map_in_threads(
    function: Callable[[_Item], _Result], items: Iterable[_Item], max_threads: int, name: str
) -> list[_Result]:
    """Return the results of a function for all items, in their order; the first error ends it.

    Parameters
    ----------
    function
        The function. It runs in many threads.
    items
        Its arguments.
    max_threads
        How many threads there are at most.
    name
        Name of the threads.
    """
    given = list(items)
    results: dict[int, _Result] = {}
    waiting = deque(range(len(given)))

    def work() -> None:
        try:
            while (at := _popped(waiting)) is not None:
                results[at] = function(given[at])
        except BaseException:
            waiting.clear()
            raise

    if max_threads <= 1 or len(given) <= 1:
        work()
        return [results[at] for at in range(len(given))]
    calls: list[StartedCall[None]] = []
    try:
        calls.extend(
            StartedCall(work, name=f"{name}-{number}", daemon=True) for number in range(min(max_threads, len(given)))
        )
        for call in calls:
            call.result()
    finally:
        waiting.clear()
        for call in calls:
            call.wait()
    return [results[at] for at in range(len(given))]


def _popped(waiting: deque[int]) -> int | None:
    """Take the next number, which no other thread then takes."""
    try:
        return waiting.popleft()
    except IndexError:
        return None
