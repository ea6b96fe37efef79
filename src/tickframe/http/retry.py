"""Retries: which failures are transient, how long to wait, and when to give up."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from tickframe.errors import (
    AuthenticationError,
    RateLimitError,
    ServiceError,
    TickframeError,
    TransportError,
    TruncatedFrameError,
)
from tickframe.http.cancellation import Cancellation

_LOGGER = logging.getLogger(__name__)

_TRANSIENT_STATUSES = frozenset({408, 425, 500, 502, 503, 504})
_MAXIMUM_FAILURES = 8
# Seconds; the range of the random wait doubles with each failure.
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0

_Result = TypeVar("_Result")


class SharedPause:
    """A pause for all threads when the service asks one of them for fewer requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def extend(self, seconds: float) -> None:
        """Send no request for at least so many seconds from now."""
        with self._lock:
            self._until = max(self._until, monotonic() + seconds)

    def wait(self, cancellation: Cancellation, deadline: float) -> None:
        """Wait until requests may be sent.

        Raises
        ------
        RateLimitError
            If the pause lasts until the deadline, a moment of the monotonic clock, or longer.
        Cancelled
            If the run was cancelled.
        """
        # Another thread may extend it in the meantime.
        while (left := self._until - monotonic()) > 0:
            if self._until >= deadline:
                raise RateLimitError(
                    f"the service asked for no request in the next {left:,.0f} s: wait, or ask for less at once",
                    status=429,
                    retry_after=left,
                )
            cancellation.wait(left)
        cancellation.check()


def retry(request: Callable[[int], _Result], budget: float, pause: SharedPause, cancellation: Cancellation) -> _Result:
    """Return the result of a request, repeated while its failures are transient.

    Parameters
    ----------
    request
        Called with the number of the attempt, the first being 1.
    budget
        Seconds within which the last attempt has to begin.
    pause
        Delays every attempt; extended by the Retry-After of a response.
    cancellation
        Ends the waits.

    Raises
    ------
    TickframeError
        The failure of the last attempt.
    Cancelled
        If the run was cancelled.
    """
    deadline = monotonic() + budget
    attempts = failures = 0
    while True:
        try:
            pause.wait(cancellation, deadline)
            attempts += 1
            return request(attempts)
        except TickframeError as error:
            error.attempts = attempts
            if not _is_transient(error):
                raise
            retry_after: float | None = getattr(error, "retry_after", None)
            # A wait that the service asks for is not a failure: only the budget limits these.
            failures += not retry_after
            if retry_after is None:
                wait = random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (failures - 1)))  # noqa: S311, jitter
            else:
                wait = retry_after
                pause.extend(wait)
            if failures == _MAXIMUM_FAILURES or monotonic() + wait >= deadline:
                raise
            # Cancelling a run breaks its connections.
            cancellation.check()
            _LOGGER.info("%s; trying again", error.message)
        cancellation.wait(wait)


def _is_transient(error: TickframeError) -> bool:
    """Return whether the same request may succeed later."""
    if isinstance(error, AuthenticationError):
        return False
    if isinstance(error, TransportError):
        return error.passing
    if isinstance(error, TruncatedFrameError | RateLimitError):
        return True
    return isinstance(error, ServiceError) and error.status in _TRANSIENT_STATUSES
