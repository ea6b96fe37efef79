"""The service behind the cache: a response that is cached is read instead of fetched."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Literal, get_args

from tickframe.cache.key import Key, key_of
from tickframe.cache.policy import is_answer, is_complete, is_final, window_column
from tickframe.cache.process_locks import ProcessLock
from tickframe.cache.store import Cache
from tickframe.errors import NotCachedError
from tickframe.http.cancellation import Cancellation
from tickframe.http.service import Service
from tickframe.plan.part import Part
from tickframe.wire.reader import Response

CacheMode = Literal["auto", "refresh", "only", "off"]


def check_cache_mode(mode: str) -> None:
    """Check the ``cache`` argument of a query.

    Raises
    ------
    ValueError
        If it is not one of the four modes.
    """
    if mode not in get_args(CacheMode):
        raise ValueError(f"invalid cache {mode!r}: expected one of {', '.join(map(repr, get_args(CacheMode)))}")


class CachedService:
    """Answers requests from a cache or else from the service. Safe to share between threads.

    Parameters
    ----------
    service
        The service.
    cache
        The cache.
    mode
        ``"auto"`` fetches what is not cached, ``"refresh"`` fetches and caches everything again,
        ``"only"`` fetches nothing.
    """

    def __init__(self, service: Service, cache: Cache, mode: CacheMode = "auto") -> None:
        self._service = service
        self._cache = cache
        self._mode = mode
        self._account = "" if cache.shared else service.settings.account_digest

    def holds(self, part: Part) -> bool:
        """Return whether the response to a request is cached, according to the footers of the entries."""
        return is_final(part) and self._cache.holds(self._key(part), partial(is_answer, part), window_column(part))

    def size(self, part: Part) -> tuple[int, int] | None:
        """Return rows and bytes of the cached response to exactly this request; None if it is not cached."""
        provenance = self._cache.provenance(self._key(part), partial(is_answer, part)) if is_final(part) else None
        return None if provenance is None else (provenance.rows, provenance.bytes)

    def answer(self, part: Part, cancellation: Cancellation) -> Response:
        """Return the response to a request.

        Raises
        ------
        NotCachedError
            If the mode is ``"only"`` and the response is not cached.
        TransportError, ServiceError, FrameError, DecodeError
            As for :meth:`tickframe.http.service.Service.answer`.
        Cancelled
            If the run has ended.
        """
        if not is_final(part):
            if self._mode == "only":
                raise NotCachedError(
                    "this response may still change, so it is never cached: use cache='auto'", part=str(part)
                )
            return self._service.answer(part, cancellation)
        return self._cache.once(self._key(part), cancellation, lambda: self._answer_final(part, cancellation))

    def _answer_final(self, part: Part, cancellation: Cancellation) -> Response:
        response = self._read(part) if self._mode != "refresh" else None
        if response is not None:
            return response
        if self._mode == "only":
            raise NotCachedError(
                f"the cache at {self._cache.place} does not hold this: use cache='auto'", part=str(part)
            )
        return self._fetch(part, cancellation)

    def _read(self, part: Part) -> Response | None:
        return self._cache.read(self._key(part), partial(is_answer, part), window_column(part))

    def _fetch(self, part: Part, cancellation: Cancellation) -> Response:
        """Fetch a response, unless another process does."""
        lock = self._cache.process_lock(self._key(part), cancellation) if self._mode == "auto" else ProcessLock()
        try:
            # The process that held the lock before has written the response.
            response = self._read(part) if lock.is_held else None
            if response is None:
                response = self._service.answer(part, cancellation)
                self._write(part, response, lock)
            return response
        finally:
            lock.release()

    def _write(self, part: Part, response: Response, lock: ProcessLock) -> None:
        """Cache a response if that is allowed; then the lock is held until it is written."""
        now = dt.datetime.now(dt.UTC)
        # The clock of this machine may be ahead, and the day not over.
        fetched = now if response.date is None else min(now, response.date)
        if is_complete(part, response) and is_final(part, fetched):
            # Older responses to narrower windows may contain what has been corrected since.
            replace_narrower = self._mode == "refresh" and window_column(part) is not None
            self._cache.write(
                self._key(part), response, self._request(part), fetched, lock, replace_narrower=replace_narrower
            )

    def _key(self, part: Part) -> Key:
        return key_of(part, self._service.settings, self._account)

    def _request(self, part: Part) -> dict[str, str]:
        account = {"account": self._account} if self._account else {}
        return {"service": self._service.settings.service_name, "function": part.function, **account, **part.words()}
