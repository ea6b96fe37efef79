"""Asking again: what passes by itself, how long to wait, and when to give up."""

from __future__ import annotations

import logging
import random
import threading
import time

import tenacity

from tickframe.errors import AuthenticationError, RateLimitError, ServiceError, TransportError, TruncatedFrameError
from tickframe.http.cancellation import Cancellation

_LOGGER = logging.getLogger(__name__)

_TRANSIENT = frozenset({408, 425, 500, 502, 503, 504})
_ATTEMPTS = 8
_FIRST_WAIT = 0.25
_LONGEST_WAIT = 30.0


class SharedPause:
    """When the service asks for fewer requests, all threads wait, not only the one that was told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def extend(self, seconds: float) -> None:
        """Let no request out before some seconds have passed."""
        with self._lock:
            self._until = max(self._until, time.monotonic() + seconds)

    def wait(self, cancellation: Cancellation, deadline: float) -> None:
        """Wait until requests may go out again.

        Raises
        ------
        RateLimitError
            If that is not before the deadline, a moment of the monotonic clock.
        Cancelled
            If the run has ended.
        """
        waited = 0.0
        while waited != self._until:
            # It may be extended meanwhile.
            waited = self._until
            left = waited - time.monotonic()
            if left > 0 and waited >= deadline:
                raise RateLimitError(
                    f"the service asked for no request in the next {left:,.0f} s: wait, or ask for less at once",
                    status=429,
                    retry_after=left,
                )
            cancellation.wait(max(0.0, left))
        cancellation.check()


def retrying(seconds: float, pause: SharedPause, cancellation: Cancellation) -> tenacity.Retrying:
    """Return the attempts at one request.

    Parameters
    ----------
    seconds
        The budget of time: no attempt begins after it, and the waits asked for are no longer.
    pause
        Takes what the service asks to wait for.
    cancellation
        Ends the waits.
    """
    told_to_wait = 0

    def often_enough(state: tenacity.RetryCallState) -> bool:
        # Waits that are asked for end with the budget: to be told one's turn is no failure.
        passed = max(state.seconds_since_start or 0.0, state.idle_for)
        return state.attempt_number - told_to_wait >= _ATTEMPTS or passed + state.upcoming_sleep >= seconds

    def before_next(state: tenacity.RetryCallState) -> float:
        nonlocal told_to_wait
        error = state.outcome.exception() if state.outcome is not None else None
        asked = getattr(error, "retry_after", None)
        if asked is not None:
            told_to_wait += asked > 0
            pause.extend(asked)
            return float(asked)
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**state.attempt_number)
        return random.uniform(0, longest)  # noqa: S311, jitter is no secret

    def log_failure(state: tenacity.RetryCallState) -> None:
        # The end of a run breaks connections too.
        cancellation.check()
        error = state.outcome.exception() if state.outcome is not None else None
        _LOGGER.info("%s; asking again", getattr(error, "message", error))

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_transient),
        stop=often_enough,
        wait=before_next,
        sleep=cancellation.wait,
        before_sleep=log_failure,
        reraise=True,
    )


def _is_transient(error: BaseException) -> bool:
    """Say whether asking again can help."""
    if isinstance(error, AuthenticationError):
        return False
    if isinstance(error, TransportError):
        return error.passing
    if isinstance(error, TruncatedFrameError | RateLimitError):
        return True
    return isinstance(error, ServiceError) and error.status in _TRANSIENT
