"""Bearer tokens: they are issued, expire, and can be revoked."""

from __future__ import annotations

import secrets
import threading
import time


class Tokens:
    """The valid tokens.

    Parameters
    ----------
    lifetime
        How long a token is valid, in seconds.
    """

    def __init__(self, lifetime: float) -> None:
        self.lifetime = lifetime
        self._holders: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def issue(self, user: str) -> str:
        """Return a new token for a user."""
        token = secrets.token_urlsafe(32)
        now = time.monotonic()
        with self._lock:
            self._holders = {known: holder for known, holder in self._holders.items() if holder[1] > now}
            self._holders[token] = (user, now + self.lifetime)
        return token

    def holder(self, token: str) -> str | None:
        """Return the user of a token; None if it is unknown, revoked or expired."""
        with self._lock:
            user, end = self._holders.get(token, (None, 0.0))
        return user if time.monotonic() < end else None

    def revoke_all(self) -> None:
        """Revoke all tokens."""
        with self._lock:
            self._holders.clear()
