"""A thread pool whose results come in the order of the items, bounded in number and in bytes."""

from __future__ import annotations

import atexit
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from tickframe.http.cancellation import Cancellation
from tickframe.process import OwningProcess
from tickframe.threads import start_thread

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# Calls ahead of the next result, for each thread: enough to keep every thread busy.
_AHEAD = 3
# Seconds that running calls get to end when the run is closed early.
_GRACE_SECONDS = 0.5
# Seconds after which the reader looks whether the threads still run.
_CHECK_INTERVAL = 1.0


@dataclass(frozen=True, slots=True)
class _Raised:
    """The error of a call, in place of a result."""

    error: BaseException


class OrderedPool(Generic[_Item, _Result]):
    """Calls a function for each of many items, and returns the results in the order of the items.

    A thread lives while there is a call for it. Results that nobody takes keep no thread alive, since
    pyarrow does not tell when the reader around them is closed.

    Parameters
    ----------
    call
        The function. It runs in many threads.
    size
        The size of a result in bytes, which counts while the result waits for those before it.
    is_final
        Whether a result ends the run: it is returned at once, before earlier items, and nothing after it.
    max_workers
        Maximum number of threads.
    max_bytes
        No call starts while results of this size wait, except the one for the next result.
    cancellation
        Cancelled if the run ends early.
    """

    def __init__(
        self,
        call: Callable[[_Item], _Result],
        *,
        size: Callable[[_Result], int],
        is_final: Callable[[_Result], bool],
        max_workers: int,
        max_bytes: int,
        cancellation: Cancellation,
    ) -> None:
        self._call = call
        self._size = size
        self._is_final = is_final
        self._max_workers = max_workers
        self._max_bytes = max_bytes
        self._cancellation = cancellation

        self._process = OwningProcess()
        # Reentrant, since the garbage collector may close a run in a thread that holds it.
        self._lock = threading.RLock()
        # Something has changed for the reader.
        self._arrived: SimpleQueue[None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._items: Sequence[_Item] = ()
        self._waiting: deque[int] = deque()
        self._running = 0
        self._done: dict[int, _Result | _Raised] = {}
        self._next = 0
        self._is_closed = False
        # Why a thread ended outside of a call, as for want of memory.
        self._broken: BaseException | None = None

    def results(self, items: Sequence[_Item]) -> Iterator[_Result]:
        """Call the function for the items, the first and the last one before the others.

        A fault of all items, such as a wrong password, or of the end of a range, such as a day without
        permission, so shows at once.
        """
        last = len(items) - 1
        self._items = items
        self._waiting.extend(dict.fromkeys((0, last, *range(1, last))))
        atexit.register(self._close)
        try:
            self._start_calls()
            for _ in items:
                result, is_last = self._next_result()
                yield result
                if is_last:
                    return
        finally:
            # No call starts from here on, even if an interrupt ends the rest.
            self._is_closed = True
            try:
                atexit.unregister(self._close)
                self._close()
            except BaseException:
                self._cancellation.cancel()
                raise

    def _next_result(self) -> tuple[_Result, bool]:
        """Wait for the next result in order, or one that ends the run; also return whether it does."""
        if not self._process.is_current():
            raise RuntimeError("cannot continue a query across fork(); run it again in this process")
        while (at := self._first_done()) is None:
            if self._broken is not None:
                raise self._broken
            try:
                self._arrived.get(timeout=_CHECK_INTERVAL)
            except Empty:
                self._check_threads()
        with self._lock:
            result = self._done.pop(at)
            self._next += 1
        self._start_calls()
        if isinstance(result, _Raised):
            raise result.error
        return result, self._is_final(result)

    def _check_threads(self) -> None:
        """Raise an error if no thread is left that could end a call."""
        if sys.is_finalizing() or (not any(each.is_alive() for each in self._threads) and self._first_done() is None):
            raise RuntimeError("cannot continue a query whose threads no longer run: run it again")

    def _first_done(self) -> int | None:
        """Return which result is the next in order or ends the run; None if it has not arrived."""
        with self._lock:
            done = sorted(self._done)
            return next((at for at in done if at == self._next or self._ends_run(self._done[at])), None)

    def _ends_run(self, result: _Result | _Raised) -> bool:
        return isinstance(result, _Raised) or self._is_final(result)

    def _start_calls(self) -> None:
        """Start a thread for each call that may start, which only taking a result changes."""
        while (at := self._next_call()) is not None:
            # Daemon, since the interpreter's exit must not wait for a thread that is still connecting.
            thread = threading.Thread(target=self._work, args=(at,), name=f"tickframe-{at}", daemon=True)
            self._threads = [*(each for each in self._threads if each.is_alive()), thread]
            start_thread(thread)

    def _work(self, first: int) -> None:
        try:
            self._make_calls(first)
        except BaseException as error:  # noqa: BLE001, raised again where the results are read
            self._broken = error
            self._arrived.put(None)

    def _make_calls(self, first: int) -> None:
        """Make a call, and others as long as they may start."""
        at: int | None = first
        while at is not None:
            try:
                result: _Result | _Raised = self._call(self._items[at])
            except BaseException as error:  # noqa: BLE001, raised again where the results are read
                result = _Raised(error)
            with self._lock:
                self._running -= 1
                if self._ends_run(result):
                    self._waiting.clear()
                if not self._is_closed:
                    self._done[at] = result
                # The reader may be done with it before the next call is.
                del result
                at = self._next_call()
            self._arrived.put(None)

    def _next_call(self) -> int | None:
        """Take the next call, if it may start."""
        with self._lock:
            if self._is_closed or not self._waiting or not self._may_start(self._waiting[0]):
                return None
            self._running += 1
            return self._waiting.popleft()

    def _may_start(self, at: int) -> bool:
        if self._running == self._max_workers:
            return False
        if at == self._next:
            return True
        if self._running + len(self._done) >= self._max_workers * _AHEAD:
            return False
        waiting = (result for index, result in self._done.items() if index != self._next)
        return sum(self._size(result) for result in waiting if not isinstance(result, _Raised)) < self._max_bytes

    def _close(self) -> None:
        """Cancel running calls. Reads return at once; a connection that is being made may take longer."""
        if not self._process.is_current():
            # The threads are the parent's, which still needs them.
            return
        self._is_closed = True
        self._cancellation.cancel()
        with self._lock:
            self._done.clear()
        deadline = time.monotonic() + _GRACE_SECONDS
        for thread in self._threads:
            # The garbage collector may close a run from within one of its own calls.
            if thread is not threading.current_thread() and thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
