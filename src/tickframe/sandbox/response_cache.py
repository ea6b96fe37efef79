"""Encoded answers, kept to be sent again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tickframe.wire.contract import DataRequest, Value
from tickframe.wire.encode import answer_start


@dataclass(frozen=True)
class EncodedAnswer:
    """An answer that is the same for whoever asks: all of it but the header's ids."""

    table: memoryview
    warning: str
    meta: Mapping[str, Value]

    def framed(self, reference_id: str) -> tuple[bytes, memoryview]:
        """Return the two pieces of one frame, under the request's own name for itself."""
        start = answer_start(len(self.table), warning=self.warning, meta=self.meta, reference_id=reference_id)
        return start, self.table


class KeptAnswers:
    """The answers that were sent last, least recently used out first. Safe to use from many threads.

    Parameters
    ----------
    max_bytes
        How many bytes of tables to keep; 0 keeps none.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[str, bytes], EncodedAnswer] = OrderedDict()
        self._size = 0

    def answer(self, endpoint: str, request: DataRequest, make: Callable[[], EncodedAnswer]) -> EncodedAnswer:
        """Return the kept answer to the parameters of a request, or make it and keep it."""
        if not self._max_bytes:
            return make()
        asked = DataRequest(parameters=request.parameters)
        key = (endpoint, asked.SerializeToString(deterministic=True))
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        answer = make()
        with self._lock:
            self._keep(key, answer)
        return answer

    def _keep(self, key: tuple[str, bytes], answer: EncodedAnswer) -> None:
        # Another thread may have made the same one in the meantime.
        if key in self._answers or len(answer.table) > self._max_bytes:
            return
        self._answers[key] = answer
        self._size += len(answer.table)
        while self._size > self._max_bytes:
            _, oldest = self._answers.popitem(last=False)
            self._size -= len(oldest.table)
