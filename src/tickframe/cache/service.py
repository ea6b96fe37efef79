"""The service behind the cache: a response that is cached is read instead of fetched."""

from __future__ import annotations

from typing import Literal, get_args

from tickframe.cache.key import Key, key_of
from tickframe.cache.policy import is_complete, is_final, window_column
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

    def holds(self, part: Part) -> bool:
        """Return whether the response to a request is cached, according to the footers of the entries."""
        return is_final(part) and self._cache.holds(self._key(part), window_column(part))

    def size(self, part: Part) -> tuple[int, int] | None:
        """Return rows and bytes of the cached response to exactly this request; None if it is not cached."""
        provenance = self._cache.provenance(self._key(part)) if is_final(part) else None
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
        key, column = self._key(part), window_column(part)
        response = self._cache.read(key, column) if self._mode != "refresh" else None
        if response is not None:
            return response
        if self._mode == "only":
            raise NotCachedError(
                f"the cache at {self._cache.place} does not hold this: use cache='auto'", part=str(part)
            )
        response = self._service.answer(part, cancellation)
        if is_complete(part, response):
            # Older responses to narrower windows may contain what has been corrected since.
            replace_narrower = self._mode == "refresh" and column is not None
            self._cache.write(key, response, self._request(part), replace_narrower=replace_narrower)
        return response

    def _key(self, part: Part) -> Key:
        return key_of(part, self._service.settings)

    def _request(self, part: Part) -> dict[str, str]:
        settings = self._service.settings
        return {"service": settings.cache_namespace or settings.base_url, "function": part.function, **part.words()}
