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

#: HTTP statuses of transient failures: 520 to 524 are those of a proxy in front of a service that fails.
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 525)})

_TOO_MANY_REQUESTS = 429
_MAXIMUM_FAILURES = 8
# Seconds; the range of the random wait doubles with each failure.
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0
# Seconds of the longest pause that a response can ask for: a wrong date must not stop a client for good.
_LONGEST_PAUSE = 60.0

# As in the standard retry mode of botocore.
_QUOTA = 500
_RETRY_COST = 5
_SUCCESS_REFUND = 1

_Result = TypeVar("_Result")


class SharedPause:
    """A pause for all threads when the service asks one of them for fewer requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._status = 0

    def extend(self, seconds: float, status: int) -> None:
        """Send no request for at least so many seconds from now.

        Parameters
        ----------
        seconds
            The length of the pause.
        status
            The HTTP status of the response that asked for it.
        """
        with self._lock:
            until = monotonic() + seconds
            if until > self._until:
                self._until, self._status = until, status

    def wait(self, cancellation: Cancellation, deadline: float) -> None:
        """Wait until requests may be sent.

        Raises
        ------
        RateLimitError, ServiceError
            If the pause lasts until the deadline, a moment of the monotonic clock, or longer. The second one if it
            was not for too many requests (429).
        Cancelled
            If the run was cancelled.
        """
        # Another thread may extend it in the meantime.
        while (left := self._until - monotonic()) > 0:
            if self._until >= deadline:
                raise self._error(left)
            cancellation.wait(left)
        cancellation.check()

    def _error(self, left: float) -> ServiceError:
        asked = f"HTTP {self._status}: the service asked for no request in the next {left:,.0f} s: "
        if self._status == _TOO_MANY_REQUESTS:
            return RateLimitError(f"{asked}wait, or ask for less at once", status=self._status, retry_after=left)
        return ServiceError(f"{asked}wait, or raise retry_seconds", status=self._status, retry_after=left)


class RetryQuota:
    """How many retries the requests of a client may have together, so that they do not prolong an outage.

    A retry takes tokens, and a success returns those of its request. Without tokens, a retry waits about as long as
    the longest wait.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens = _QUOTA

    def take(self) -> int:
        """Take the tokens of a retry and return their number; 0 if there are not enough."""
        with self._lock:
            taken = _RETRY_COST if self._tokens >= _RETRY_COST else 0
            self._tokens -= taken
            return taken

    def refund(self, taken: int) -> None:
        """Return the tokens that a successful request took, or a few if it took none."""
        with self._lock:
            self._tokens = min(_QUOTA, self._tokens + (taken or _SUCCESS_REFUND))


def retry(
    request: Callable[[int], _Result], budget: float, pause: SharedPause, quota: RetryQuota, cancellation: Cancellation
) -> _Result:
    """Return the result of a request, repeated while its failures are transient.

    Parameters
    ----------
    request
        Called with the number of the attempt, the first being 1.
    budget
        Seconds within which the last attempt has to begin. Once, they begin again when an attempt has outlasted
        them, so that a stall is not final; with 0 there is one attempt.
    pause
        Delays every attempt; extended by the Retry-After of a response.
    quota
        Delays retries when there are many.
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
    outlasted = False
    attempts = failures = failures_without_pause = tokens = 0
    while True:
        try:
            pause.wait(cancellation, deadline)
            attempts += 1
            result = request(attempts)
        except TickframeError as error:
            error.attempts = attempts
            if not is_transient(error):
                raise
            failures += 1
            if not outlasted and monotonic() >= deadline:
                outlasted, deadline = True, monotonic() + budget
            asked = _pause_asked_for(error)
            # Only the budget limits how often the service can ask for a pause.
            failures_without_pause += not asked
            if failures_without_pause == _MAXIMUM_FAILURES:
                raise
            taken = quota.take()
            tokens += taken
            wait = max(asked, _own_wait(failures, budget) if taken else _wait_without_tokens())
            if asked:
                pause.extend(asked, getattr(error, "status", 0))
            if monotonic() + wait >= deadline:
                raise
            # Cancelling a run breaks its connections.
            cancellation.check()
            _LOGGER.info("%s; trying again", error.message)
        else:
            quota.refund(tokens)
            return result
        cancellation.wait(wait)


def _pause_asked_for(error: TickframeError) -> float:
    """Return the seconds that a response asks to wait, 0 if it does not."""
    return min(_LONGEST_PAUSE, getattr(error, "retry_after", None) or 0.0)


def _wait_without_tokens() -> float:
    return random.uniform(_LONGEST_WAIT / 2, _LONGEST_WAIT)  # noqa: S311, jitter


def _own_wait(failures: int, budget: float) -> float:
    """Return the random wait after a number of failures."""
    longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (failures - 1))
    if failures == 1:
        longest = min(longest, budget / 2)
    return random.uniform(0, longest)  # noqa: S311, jitter


def is_transient(error: TickframeError) -> bool:
    """Return whether the same request may succeed later."""
    if isinstance(error, AuthenticationError):
        return False
    if isinstance(error, TransportError):
        return error.passing
    if isinstance(error, TruncatedFrameError):
        return True
    return isinstance(error, ServiceError) and error.status in TRANSIENT_STATUSES
