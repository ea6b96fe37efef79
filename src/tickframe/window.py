"""An ordered sliding window of calls over threads: bounded in number and in bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

from tickframe.cancellation import Cancellation

__all__ = ["Window"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# Calls ahead of the one that is waited for, for each thread: enough that none is idle.
_AHEAD = 3
# Seconds that calls get to end when the run does.
_LAST_CALLS = 0.5


class Window(Generic[_Item, _Result]):
    """Calls a function for each of many items, and returns the results in the order of the items.

    Parameters
    ----------
    call
        The function. It runs in many threads.
    size
        The bytes of a result, which count while it waits for its turn.
    is_final
        Whether a result ends the run: it is returned at once, out of turn, and nothing after it.
    max_workers
        How many threads.
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

    def results(self, items: Sequence[_Item]) -> Iterator[_Result]:
        """Call the function for the items, the first and the last one before the others.

        What is wrong with all of them, such as a password, or with the end of a range, such as a day
        without a right to it, so shows at once.
        """
        workers = min(self._max_workers, len(items))
        executor = ThreadPoolExecutor(workers, thread_name_prefix="tickframe")
        pending: dict[int, Future[_Result]] = {}
        waiting = iter(range(1, len(items) - 1))
        try:
            for early in dict.fromkeys((0, len(items) - 1)):
                pending[early] = executor.submit(self._call, items[early])
            for turn in range(len(items)):
                while True:
                    self._fill(executor, pending, items, waiting, turn)
                    ended = self._ended(pending)
                    if ended is not None:
                        yield ended
                        return
                    if turn in pending and pending[turn].done():
                        break
                    wait([future for future in pending.values() if not future.done()], return_when=FIRST_COMPLETED)
                yield pending.pop(turn).result()
            executor.shutdown(wait=True)
        finally:
            self._cancellation.cancel()
            executor.shutdown(wait=False, cancel_futures=True)
            # Reads return at once and leave nothing open; a connection that is being made may take longer.
            wait(pending.values(), timeout=_LAST_CALLS)

    def _fill(
        self,
        executor: ThreadPoolExecutor,
        pending: dict[int, Future[_Result]],
        items: Sequence[_Item],
        waiting: Iterator[int],
        turn: int,
    ) -> None:
        """Begin calls as far as the bounds allow."""
        while len(pending) < self._max_workers * _AHEAD:
            held = sum(self._size(future.result()) for at, future in pending.items() if at != turn and future.done())
            if turn in pending and held >= self._max_bytes:
                return
            at = next(waiting, None)
            if at is None:
                return
            pending[at] = executor.submit(self._call, items[at])

    def _ended(self, pending: dict[int, Future[_Result]]) -> _Result | None:
        """Return a result that ends the run, the earliest one that is there."""
        for at in sorted(pending):
            future = pending[at]
            if future.done() and self._is_final(future.result()):
                return future.result()
        return None
