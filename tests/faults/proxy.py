"""A reverse proxy that breaks some of what it passes on, drawn from a seed."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import replace
from types import TracebackType

import urllib3

from tests.faults.server import (
    OCTET_STREAM,
    TOKEN_PATH,
    Answer,
    Ending,
    FaultServer,
    Framing,
    Received,
    answer,
    page,
    refusal,
)
from tickframe.wire.contract import DataRequest
from tickframe.wire.frames import read_frames, write_frame

_PASSED_ON = ("authorization", "content-type", "accept")

_EXPIRY = "token expired"
# More than a client has under way: it knows by then that the token was accepted.
_REQUESTS_BEFORE_EXPIRY = 10

# Seconds between two bytes: too few of them arrive.
_TRICKLE = 0.05


class FaultyProxy(FaultServer):
    """Passes requests on to a service, and answers some with a fault that passes.

    Parameters
    ----------
    upstream
        The service's address.
    rate
        How many of the answers are faults, from 0 to 1. It can be set anew at any time.
    seed
        What faults are drawn from.

    Attributes
    ----------
    faults : Counter of str
        How often each fault was answered.
    """

    def __init__(self, upstream: str, rate: float, seed: int = 0) -> None:
        super().__init__()
        self.faults: Counter[str] = Counter()
        self._upstream = upstream
        self.rate = rate
        self._draw = random.Random(seed)
        self._drawing = threading.Lock()
        self._accepted: Counter[str] = Counter()
        self._expired: set[str] = set()
        self._known: dict[tuple[str, bytes], Answer] = {}
        self._pool = urllib3.PoolManager(maxsize=64)
        self.serve(self._pass_on)
        self.on_grant = self._pass_on

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        self._pool.clear()

    def _pass_on(self, request: Received) -> Answer:
        # Requests are not kept: a soak would hold all of them.
        self.received.clear()
        whole, kind = self._ask_upstream(request)
        with self._drawing:
            if request.token in self._expired:
                return refusal(401)
            if self._draw.random() >= self.rate:
                self._accepted[request.token] += 1
                return whole
            faults = self._faults(whole, kind, request)
            name = self._draw.choice(sorted(faults))
            self.faults[name] += 1
            if name == _EXPIRY:
                self._expired.add(request.token)
        return faults[name]

    def _ask_upstream(self, request: Received) -> tuple[Answer, str]:
        """Return the service's answer and its content type; the same data is asked for once."""
        asked = (request.path, _parameters(request))
        if request.path != TOKEN_PATH and asked in self._known:
            return self._known[asked], OCTET_STREAM
        headers = {name: value for name, value in request.headers.items() if name in _PASSED_ON}
        # Without the request's own name, since the answer is given again to others.
        body = request.body if request.path == TOKEN_PATH else write_frame(asked[1])
        passed = self._pool.request(
            request.method, self._upstream + request.path, body=body, headers=headers, retries=3
        )
        kind = passed.headers.get("Content-Type", "")
        whole = answer(passed.data, passed.status, content_type=kind)
        if kind == OCTET_STREAM:
            self._known[asked] = whole
        return whole, kind

    def _faults(self, whole: Answer, kind: str, request: Received) -> dict[str, Answer]:
        body = whole.body
        at = self._draw.randrange(len(body)) if body else 0
        faults = {
            "reset before the answer": whole.before_any_byte(Ending.RESET),
            "reset in the header": whole.cut_in_head(Ending.RESET),
            "end in the header": whole.cut_in_head(Ending.CLOSED),
            "reset in the body": whole.cut_in_body(at, Ending.RESET),
            "body cut": whole.cut_in_body(at),
            "stall before the answer": whole.before_any_byte(Ending.STALLED),
            "stall in the body": whole.cut_in_body(at, Ending.STALLED),
            "trickle": replace(whole, seconds_between_pieces=_TRICKLE),
            "408": refusal(408),
            "429": refusal(429),
            "429 for a second": refusal(429, Retry_After="1"),
            "500": refusal(500, "soaked"),
            "502 as a page": page(502),
            "503": refusal(503),
        }
        if request.path != TOKEN_PATH:
            faults |= {
                "body cut without a length": answer(body, content_type=kind, framing=Framing.CLOSE).cut_in_body(at),
                "chunks cut": answer(body, content_type=kind, framing=Framing.CHUNKED).cut_in_body(at),
            }
            if self._accepted[request.token] >= _REQUESTS_BEFORE_EXPIRY:
                faults[_EXPIRY] = refusal(401)
        return faults


def _parameters(request: Received) -> bytes:
    """Return what a request for data asks for, without its own name."""
    if request.path == TOKEN_PATH:
        return b""
    asked = DataRequest.FromString(bytes(next(read_frames(request.body))))
    asked.ClearField("header")
    return asked.SerializeToString(deterministic=True)
