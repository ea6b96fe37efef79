"""A cache of encoded responses."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tickframe.wire.contract import DataRequest, Value
from tickframe.wire.encode import response_start


@dataclass(frozen=True)
class EncodedResponse:
    """A response without the ids in its header, which differ between requests."""

    table: memoryview
    warning: str
    meta: Mapping[str, Value]

    def framed(self, reference_id: str) -> tuple[bytes, memoryview]:
        """Return the two pieces of a frame that refers to a request by its reference id."""
        start = response_start(len(self.table), warning=self.warning, meta=self.meta, reference_id=reference_id)
        return start, self.table


class ResponseCache:
    """The most recently used responses. Safe to use from several threads.

    Parameters
    ----------
    max_bytes
        The maximum size of all tables in bytes; 0 caches nothing. The least recently used are removed first.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._responses: OrderedDict[tuple[str, bytes], EncodedResponse] = OrderedDict()
        self._size = 0

    def get(self, endpoint: str, request: DataRequest, make: Callable[[], EncodedResponse]) -> EncodedResponse:
        """Return the cached response to the parameters of a request, or make and cache it."""
        if not self._max_bytes:
            return make()
        parameters = DataRequest(parameters=request.parameters).SerializeToString(deterministic=True)
        key = (endpoint, parameters)
        with self._lock:
            if key in self._responses:
                self._responses.move_to_end(key)
                return self._responses[key]
        response = make()
        with self._lock:
            self._add(key, response)
        return response

    def _add(self, key: tuple[str, bytes], response: EncodedResponse) -> None:
        # Another thread may have added the same response in the meantime.
        if key in self._responses or len(response.table) > self._max_bytes:
            return
        self._responses[key] = response
        self._size += len(response.table)
        while self._size > self._max_bytes:
            _, oldest = self._responses.popitem(last=False)
            self._size -= len(oldest.table)
