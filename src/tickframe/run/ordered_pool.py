"""An ordered sliding window of calls over threads: bounded in number and in bytes."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tickframe.http.cancellation import Cancellation

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# Calls ahead of the one that is waited for, for each thread: enough that none is idle.
_AHEAD = 3
# Seconds that calls get to end when the run does.
_LAST_CALLS = 0.5


@dataclass(frozen=True, slots=True)
class _Raised:
    """What a call ended with in place of a result."""

    error: BaseException


class Window(Generic[_Item, _Result]):
    """Calls a function for each of many items, and returns the results in the order of the items.

    A thread lives while there is a call for it: results that nobody takes keep none, since pyarrow
    does not say when the reader around them is closed.

    Parameters
    ----------
    call
        The function. It runs in many threads.
    size
        The bytes of a result, which count while it waits for its turn.
    is_final
        Whether a result ends the run: it is returned at once, out of turn, and nothing after it.
    max_workers
        How many threads at once.
    max_bytes
        No call begins while results of so many bytes wait, but for the one whose turn it is.
    cancellation
        Is told when the run ends early.
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

        self._process = os.getpid()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._items: Sequence[_Item] = ()
        self._waiting: deque[int] = deque()
        self._running = 0
        self._ended: dict[int, _Result | _Raised] = {}
        self._turn = 0
        self._closed = False

    def results(self, items: Sequence[_Item]) -> Iterator[_Result]:
        """Call the function for the items, the first and the last one before the others.

        What is wrong with all of them, such as a password, or with the end of a range, such as a day
        without a right to it, so shows at once.
        """
        last = len(items) - 1
        self._items = items
        self._waiting.extend(dict.fromkeys((0, last, *range(1, last))))
        atexit.register(self._close)
        try:
            with self._changed:
                self._begin_calls()
            for _ in items:
                result, is_last = self._next_result()
                yield result
                if is_last:
                    return
        finally:
            atexit.unregister(self._close)
            self._close()

    def _next_result(self) -> tuple[_Result, bool]:
        """Wait for the result whose turn it is, or one that ends the run; say whether it does."""
        if self._process != os.getpid():
            raise RuntimeError("this run belongs to the process that began it: ask anew in this one")
        with self._changed:
            while True:
                for at in sorted(self._ended):
                    result = self._ended[at]
                    if at == self._turn or self._ends_run(result):
                        break
                else:
                    self._changed.wait()
                    continue
                del self._ended[at]
                self._turn += 1
                self._begin_calls()
                if isinstance(result, _Raised):
                    raise result.error
                return result, self._is_final(result)

    def _ends_run(self, result: _Result | _Raised) -> bool:
        return isinstance(result, _Raised) or self._is_final(result)

    def _begin_calls(self) -> None:
        """Start a thread for each call that may begin, which only the taking of a result changes."""
        while (at := self._next_call()) is not None:
            # An exit of the interpreter waits for none of these threads: one of them may be connecting for long.
            thread = threading.Thread(target=self._work, args=(at,), name=f"tickframe-{at}", daemon=True)
            thread.start()
            self._threads = [*(each for each in self._threads if each.is_alive()), thread]

    def _work(self, first: int) -> None:
        """Make a call, and others as long as they may begin."""
        at: int | None = first
        while at is not None:
            try:
                result: _Result | _Raised = self._call(self._items[at])
            except BaseException as error:  # noqa: BLE001, the reader gets it
                result = _Raised(error)
            with self._changed:
                self._running -= 1
                if self._ends_run(result):
                    self._waiting.clear()
                if not self._closed:
                    self._ended[at] = result
                # The reader may be done with it before the next call is.
                del result
                self._changed.notify()
                at = self._next_call()

    def _next_call(self) -> int | None:
        """Take the next call, if it may begin."""
        if self._closed or not self._waiting or not self._may_begin(self._waiting[0]):
            return None
        self._running += 1
        return self._waiting.popleft()

    def _may_begin(self, at: int) -> bool:
        if self._running == self._max_workers:
            return False
        if at == self._turn:
            return True
        if self._running + len(self._ended) >= self._max_workers * _AHEAD:
            return False
        waiting = (result for turn, result in self._ended.items() if turn != self._turn)
        return sum(self._size(result) for result in waiting if not isinstance(result, _Raised)) < self._max_bytes

    def _close(self) -> None:
        """End the calls under way. Reads return at once; a connection that is being made may take longer."""
        if self._process != os.getpid():
            # The threads are the parent's, which still needs them.
            return
        with self._changed:
            self._closed = True
            self._ended.clear()
        self._cancellation.cancel()
        deadline = time.monotonic() + _LAST_CALLS
        for thread in self._threads:
            # The garbage collector may end a run from within one of its own calls.
            if thread is not threading.current_thread() and thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
