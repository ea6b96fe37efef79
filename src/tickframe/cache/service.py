"""The service behind its cache: what was asked once is read from a file."""

from __future__ import annotations

from typing import Literal, get_args

from tickframe.cache import Cache, Key, key_of, windowed
from tickframe.errors import NotCachedError
from tickframe.http.cancellation import Cancellation
from tickframe.http.service import Service
from tickframe.plan.part import Part
from tickframe.wire.reader import Response

CacheMode = Literal["auto", "refresh", "only", "off"]


def check_cache_mode(mode: str) -> None:
    """Check how a run is to use the cache.

    Raises
    ------
    ValueError
        If it is none of the four ways.
    """
    if mode not in get_args(CacheMode):
        raise ValueError(f"cache {mode!r} is none of {', '.join(map(repr, get_args(CacheMode)))}")


class CachedService:
    """Answers parts from the cache, or else from the service. Safe to share between threads.

    Parameters
    ----------
    service
        The service.
    cache
        The cache.
    mode
        ``"auto"`` asks for what the cache does not hold; ``"refresh"`` asks for everything and writes
        it anew; ``"only"`` asks for nothing.
    """

    def __init__(self, service: Service, cache: Cache, mode: CacheMode = "auto") -> None:
        self._service = service
        self._cache = cache
        self._mode = mode

    def holds(self, part: Part) -> bool:
        """Say whether the cache has an answer, by the entries' footers alone."""
        if part.may_change():
            return False
        return self._cache.holds(self._key(part), windowed(part))

    def size(self, part: Part) -> tuple[int, int] | None:
        """Return the rows and the bytes of the cached answer to exactly this part; None where there is none."""
        provenance = None if part.may_change() else self._cache.provenance(self._key(part))
        return None if provenance is None else (provenance.rows, provenance.bytes)

    def answer(self, part: Part, cancellation: Cancellation) -> Response:
        """Return the answer to a part.

        Raises
        ------
        NotCachedError
            If the cache does not hold it, and nothing else is to be asked.
        TransportError, ServiceError, FrameError, DecodeError
            As :meth:`tickframe.http.service.Service.answer` does.
        Cancelled
            If the run has ended.
        """
        if part.may_change():
            if self._mode == "only":
                raise NotCachedError(
                    "this answer may still change, so it is never in the cache: ask with cache='auto'",
                    part=str(part),
                )
            return self._service.answer(part, cancellation)
        key = self._key(part)
        with self._cache.lock(key, cancellation):
            answer = self._cache.read(key, windowed(part)) if self._mode != "refresh" else None
            if answer is not None:
                return answer
            if self._mode == "only":
                raise NotCachedError(
                    f"the cache at {self._cache.place} does not hold this: ask with cache='auto'", part=str(part)
                )
            answer = self._service.answer(part, cancellation)
            if _is_whole(part, answer):
                # A window that was fetched before the day would outlive what was wrong with it.
                is_anew = self._mode == "refresh" and windowed(part) is not None
                self._cache.write(key, answer, self._request(part), for_narrower=is_anew)
            return answer

    def remark(self) -> str:
        """Say what a user should know of the cache; empty where that is nothing, or was said before."""
        return self._cache.remark()

    def _key(self, part: Part) -> Key:
        return key_of(part, self._service.settings)

    def _request(self, part: Part) -> dict[str, str]:
        settings = self._service.settings
        return {"service": settings.cache_namespace or settings.base_url, "function": part.function, **part.words()}


def _is_whole(part: Part, answer: Response) -> bool:
    """Say whether an answer is all there is: a page's cursor expires, and where rows are missing one asks again."""
    if answer.meta.get("cursor") or "cursor" in dict(part.parameters):
        return False
    total = answer.meta.get("total_hits")
    return bool(part.columns) or not isinstance(total, int | float) or answer.rows >= total
