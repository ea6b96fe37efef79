"""A reverse proxy that replaces random responses with faults."""

from __future__ import annotations

import random
import ssl
import threading
from collections import Counter
from dataclasses import replace
from types import TracebackType

import urllib3

from tests.faults.server import (
    OCTET_STREAM,
    TOKEN_PATH,
    Ending,
    FaultServer,
    Framing,
    Received,
    Response,
    answer,
    page,
    refusal,
)
from tickframe.wire.contract import DataRequest
from tickframe.wire.frames import read_frames, write_frame

_FORWARDED = ("authorization", "content-type", "accept")

_EXPIRY = "token expired"
# More than a client sends at once: by then, it has seen that the token was accepted.
_REQUESTS_BEFORE_EXPIRY = 10

# Seconds between two bytes, which is too slow.
_SLOW = 0.05


class FaultyProxy(FaultServer):
    """Forwards requests to a service, and answers some with a transient fault.

    Parameters
    ----------
    upstream
        The address of the service.
    rate
        The share of faults, from 0 to 1. It can be changed at any time.
    seed
        The seed of the random faults.
    context
        For https.

    Attributes
    ----------
    faults : Counter of str
        The number of faults of each kind.
    """

    def __init__(self, upstream: str, rate: float, seed: int = 0, context: ssl.SSLContext | None = None) -> None:
        super().__init__(context)
        self.faults: Counter[str] = Counter()
        self._upstream = upstream
        self.rate = rate
        self._draw = random.Random(seed)
        self._drawing = threading.Lock()
        self._accepted: Counter[str] = Counter()
        self._expired: set[str] = set()
        self._known: dict[tuple[str, bytes], Response] = {}
        self._pool = urllib3.PoolManager(maxsize=64)
        self.serve(self._forward)
        self.on_grant = self._forward

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        self._pool.clear()

    def _forward(self, request: Received) -> Response:
        # A soak test would otherwise keep all of its requests.
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

    def _ask_upstream(self, request: Received) -> tuple[Response, str]:
        """Return the response of the service and its content type; the same data is requested once."""
        asked = (request.path, _parameters(request))
        if request.path != TOKEN_PATH and asked in self._known:
            return self._known[asked], OCTET_STREAM
        headers = {name: value for name, value in request.headers.items() if name in _FORWARDED}
        # Without the ID of the request, since the response is reused for others.
        body = request.body if request.path == TOKEN_PATH else write_frame(asked[1])
        passed = self._pool.request(
            request.method, self._upstream + request.path, body=body, headers=headers, retries=3
        )
        kind = passed.headers.get("Content-Type", "")
        whole = answer(passed.data, passed.status, content_type=kind)
        if kind == OCTET_STREAM:
            self._known[asked] = whole
        return whole, kind

    def _faults(self, whole: Response, kind: str, request: Received) -> dict[str, Response]:
        body = whole.body
        at = self._draw.randrange(len(body)) if body else 0
        faults = {
            "reset before the response": whole.before_any_byte(Ending.RESET),
            "reset in the headers": whole.cut_in_head(Ending.RESET),
            "end in the headers": whole.cut_in_head(Ending.CLOSED),
            "reset in the body": whole.cut_in_body(at, Ending.RESET),
            "body cut": whole.cut_in_body(at),
            "stall before the response": whole.before_any_byte(Ending.STALLED),
            "stall in the headers": whole.cut_in_head(Ending.STALLED),
            "stall in the body": whole.cut_in_body(at, Ending.STALLED),
            "too slow": replace(whole, seconds_between_pieces=_SLOW),
            "408": refusal(408),
            "429": refusal(429),
            "429 for a second": refusal(429, Retry_After="1"),
            "500": refusal(500, "soaked"),
            "502 as a page": page(502),
            "503": refusal(503),
            "522": refusal(522),
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
    """Return the message of a request for data without its ID."""
    if request.path == TOKEN_PATH:
        return b""
    asked = DataRequest.FromString(bytes(next(read_frames(request.body))))
    asked.ClearField("header")
    return asked.SerializeToString(deterministic=True)
