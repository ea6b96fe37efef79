"""Where responses come from: a service, and a cache in front of it. It can be pickled, without a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakValueDictionary

from tickframe.cache import Cache
from tickframe.cache.service import CachedService, CacheMode, check_cache_mode
from tickframe.errors import NotCachedError, SettingsError
from tickframe.http.cancellation import Cancellation
from tickframe.http.service import Service
from tickframe.plan.part import Part
from tickframe.settings import Settings, resolve_settings
from tickframe.wire.reader import Response

# Which service it is, and how to talk to it. Account, proxies and certificates belong to each process.
_PUBLIC_SETTINGS = (
    "base_url",
    "auth_url",
    "token_path",
    "user_path",
    "api_key_header",
    "connect_timeout",
    "read_timeout",
    "stall_timeout",
    "retry_seconds",
    "path_template",
    "omit_source",
    "enums",
    "endpoints",
    "parameter_names",
    "maximum_length",
    "maximum_decoded_bytes",
    "cache_namespace",
)


class Responder(Protocol):
    """What answers parts: the service, or the cache in front of it."""

    def answer(self, part: Part, cancellation: Cancellation, /) -> Response:
        """Return the complete response to a part."""


@dataclass(frozen=True)
class SourceDescription:
    """A source as other processes open it. It holds no secret.

    Attributes
    ----------
    settings : Mapping[str, object]
        The settings that are not secret.
    cache : str or None
        The location of the cache.
    max_bytes : int or None
        The size limit of the cache.
    shared : bool
        Whether accounts share the responses in the cache.
    """

    settings: Mapping[str, Any]
    cache: str | None
    max_bytes: int | None
    shared: bool = False

    def resolve_settings(self) -> Settings:
        """Return these settings with the account of this process, see :mod:`tickframe.settings`."""
        return resolve_settings(**self.settings)

    def open(self, service: Service) -> Source:
        """Return the source with a service of this process."""
        if self.cache is None:
            return Source(service, None)
        return Source(service, Cache(self.cache, max_bytes=self.max_bytes, shared=self.shared))


class Source:
    """A service and, optionally, a cache in front of it. Safe to share between threads, and after a fork.

    Pickled, it is a :class:`SourceDescription`; a process that loads it takes the account from its own
    settings.

    Parameters
    ----------
    service
        The service.
    cache
        The cache; None for none.
    """

    def __init__(self, service: Service, cache: Cache | None) -> None:
        self._service = service
        self.cache = cache

    def __reduce__(self) -> tuple[object, ...]:
        return _opened, (self.description(),)

    @property
    def service_name(self) -> str:
        """The name of the service in the cache and in datasets."""
        return self._service.settings.service_name

    def description(self) -> SourceDescription:
        """Return the source as other processes open it.

        Raises
        ------
        ValueError
            If the cache is at a location that holds a secret or that other processes cannot open.
        """
        settings = self._service.settings
        return SourceDescription(
            settings={name: getattr(settings, name) for name in _PUBLIC_SETTINGS},
            cache=self.cache.portable_location() if self.cache is not None else None,
            max_bytes=self.cache.max_bytes if self.cache is not None else None,
            shared=self.cache is not None and self.cache.shared,
        )

    def responder(self, mode: CacheMode) -> Responder:
        """Return what answers parts.

        Parameters
        ----------
        mode
            How to use the cache.

        Raises
        ------
        ValueError
            If the mode is unknown or needs a cache and there is none.
        """
        check_cache_mode(mode)
        if self.cache is not None and mode != "off":
            return CachedService(self._service, self.cache, mode)
        if mode in ("only", "refresh"):
            raise ValueError(f"cache={mode!r} needs a client with a cache, such as Client(cache=True)")
        return self._service

    def holds(self, part: Part) -> bool:
        """Return whether the cache holds the response to a part."""
        return self.cache is not None and CachedService(self._service, self.cache).holds(part)

    def cached_size(self, part: Part) -> tuple[int, int] | None:
        """Return the rows and bytes of the cached response to a part; None if the cache does not hold it."""
        return None if self.cache is None else CachedService(self._service, self.cache).size(part)

    def check_cached(self, parts: Sequence[Part]) -> None:
        """Check that the cache holds the responses to all parts.

        Raises
        ------
        NotCachedError
            If it does not; the error names all that are missing.
        """
        missing = tuple(str(part) for part in parts if not self.holds(part))
        if missing:
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            raise NotCachedError(
                f"the cache does not hold {len(missing)} of {len(parts)} parts: {'; '.join(missing[:3])}{more}. "
                "Load them with cache='auto'",
                parts=missing,
            )


class UnpickledService(Service):
    """The service of a source that another process has pickled."""

    def answer(self, part: Part, cancellation: Cancellation) -> Response:
        """Return the response to a part.

        Raises
        ------
        SettingsError
            If the settings of this process lack the account.
        """
        try:
            return super().answer(part, cancellation)
        except SettingsError as error:
            raise SettingsError(
                f"{error.message}. A pickled query holds no secret: each process takes the account from its own "
                "environment or keyring",
                part=str(part),
            ) from error


# One source for each description, so that many unpickled queries share connections.
_OPENED: WeakValueDictionary[str, Source] = WeakValueDictionary()


def _opened(description: SourceDescription) -> Source:
    key = repr(description)
    source = _OPENED.get(key)
    if source is None:
        source = description.open(UnpickledService(description.resolve_settings()))
        _OPENED[key] = source
    return source
