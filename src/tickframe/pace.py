"""Answers that trickle: a byte now and then keeps every single wait short, and has no end."""

from __future__ import annotations

import io
import socket
from http.client import HTTPResponse
from time import monotonic
from typing import Any

__all__ = ["LEAST_RATE", "PacedResponse", "SlowAnswerError"]

#: Bytes a second that an answer must bring once it has begun: far less than the slowest line that is of use.
LEAST_RATE = 100


class SlowAnswerError(TimeoutError):
    """An answer brought too few bytes for as long as the timeout of its connection."""


class PacedResponse(HTTPResponse):
    """An answer whose header and body end, or bring :data:`LEAST_RATE`, on average over the connection's timeout.

    Only the time of waiting for bytes counts, and none of it before the first byte: a service may
    work as long as the timeout allows, and a large answer may take its time on a slow line.
    """

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        timeout = sock.gettimeout()
        if timeout is not None:
            # The socket's own file, by way of which all that arrives is read.
            self.fp = io.BufferedReader(_PacedFile(self.fp.detach(), timeout))


class _PacedFile(io.RawIOBase):
    """A socket's file that watches how fast it is filled."""

    def __init__(self, file: io.RawIOBase, timeout: float) -> None:
        self._file = file
        self._timeout = timeout
        self._begun = False
        self._waited = 0.0
        self._arrived = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        """Fill the buffer from its start.

        Raises
        ------
        SlowAnswerError
            If too little has arrived since the last time that this was looked at.
        """
        asked = monotonic()
        arrived = self._file.readinto(buffer)
        if self._begun:
            self._waited += monotonic() - asked
            self._arrived += arrived or 0
        self._begun = True
        if self._waited >= self._timeout and arrived:
            self._check()
        return arrived

    def _check(self) -> None:
        if self._arrived < LEAST_RATE * self._timeout:
            raise SlowAnswerError(f"{self._arrived:,} bytes in {self._waited:.0f} s")
        self._waited, self._arrived = 0.0, 0

    def close(self) -> None:
        self._file.close()
        super().close()
